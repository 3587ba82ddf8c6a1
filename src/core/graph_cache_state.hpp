#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/engine_state.hpp"
#include "core/lru_index.hpp"
#include "replayrt/core/graph_cache.hpp"

namespace replayrt::detail {

/// One captured graph. Owned by the index while it is held, and by its lease while there is one.
struct CacheEntry {
  GraphKey key;
  std::shared_ptr<EngineState> engine;  // Before `graph`: the graph is destroyed first.
  std::unique_ptr<Executor> graph;

  // All below is guarded by the cache's lock; `pending` also by the lease: who holds it may touch
  // it.
  LruIndex<GraphKey, std::shared_ptr<CacheEntry>>::Handle place{};  // Valid while `held`.
  bool held = false;                                                // In the index.
  bool leased = false;
  bool has_pending = false;
  Completion pending{};                    // Device work of the last, ended lease.
  std::shared_ptr<CacheEntry> next_out{};  // For EntryChain.
};

/// Entries that are on their way out, linked through themselves so that taking them out cannot
/// fail.
class EntryChain {
 public:
  EntryChain() noexcept = default;
  EntryChain(EntryChain&& other) noexcept : head_(std::move(other.head_)) {}
  EntryChain& operator=(EntryChain&&) = delete;
  ~EntryChain() {
    while (pop() != nullptr) {
    }
  }

  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  void push(std::shared_ptr<CacheEntry> entry) noexcept {
    entry->next_out = std::move(head_);
    head_ = std::move(entry);
  }
  /// Null when empty.
  std::shared_ptr<CacheEntry> pop() noexcept {
    std::shared_ptr<CacheEntry> entry = std::move(head_);
    if (entry != nullptr) {
      head_ = std::move(entry->next_out);
    }
    return entry;
  }
  [[nodiscard]] const CacheEntry* head() const noexcept { return head_.get(); }

 private:
  std::shared_ptr<CacheEntry> head_;
};

/// The one implementation behind GraphCache, shared with its leases. See GraphCache for the
/// contract. graph_cache_acquire.cpp has how a call is served, graph_cache_state.cpp the rest.
class GraphCacheState : public std::enable_shared_from_this<GraphCacheState> {
 public:
  /// What becomes of a captured graph when its lease ends.
  enum class End : std::uint8_t {
    kKeep,
    kDiscard,  ///< Its run failed: it leaves the cache.
    kUnused,   ///< The work of its previous lease is not complete: it was not run.
  };

  explicit GraphCacheState(const GraphCacheOptions& options);
  ~GraphCacheState();
  GraphCacheState(const GraphCacheState&) = delete;
  GraphCacheState& operator=(const GraphCacheState&) = delete;

  Lease acquire(const std::shared_ptr<EngineState>& engine, const GraphKey& key);
  void end_lease(std::shared_ptr<CacheEntry> entry, const Completion& completion, End end,
                 Route route) noexcept;

  std::int64_t size() const;
  std::vector<GraphKey> list_keys() const;
  bool contains(const GraphKey& key) const;
  void safe_remove(const GraphKey& key);
  void purge(std::optional<std::int64_t> n_oldest);
  void remove_engine(EngineId engine) noexcept;
  std::optional<Refusal> refusal(const GraphKey& key) const;
  GraphCacheStats stats() const;
  void wait_idle();

  /// The GraphCache is gone: drops everything, and what is being captured is not kept.
  void close() noexcept;

 private:
  using EntryPtr = std::shared_ptr<CacheEntry>;
  using Index = LruIndex<GraphKey, EntryPtr>;

  static constexpr std::size_t kKeptCaptureTimes = 4096;

  /// One capture under way; those who need its outcome wait on `finished_`.
  struct Flight {
    bool done = false;
  };

  /// What the lock section of `acquire` decided: one of three.
  struct Decision {
    EntryPtr entry{};                  // Leased to the caller,
    bool check_pending = false;        // if the work of the last lease is complete.
    std::shared_ptr<Flight> flight{};  // The caller captures.
    Reason reason = Reason::kNone;     // Eagerly, for this reason.
  };

  Decision decide(const EngineState& engine, const GraphKey& key);
  Lease lease_of(EntryPtr entry, Route route) noexcept;
  Lease capture_and_lease(const std::shared_ptr<EngineState>& engine, const GraphKey& key,
                          Flight& flight);
  std::unique_ptr<Executor> try_capture(EngineState& engine, const GraphKey& key,
                                        Refusal& refusal) noexcept;
  /// Ends the flight and files `entry`, leased, or `refusal`. Whether it was kept; if not,
  /// `refusal` says why.
  bool publish(const EntryPtr& entry, const GraphKey& key, Flight& flight,
               std::chrono::nanoseconds took, Refusal& refusal) noexcept;
  Refusal why_not_kept(const CacheEntry& entry) const;

  // With the lock held; what is taken out is destroyed by the caller after the lock.
  void take_out(Index::Handle node, std::uint64_t& counter, EntryChain& out) noexcept;
  void remember(const GraphKey& key, const Refusal& refusal);
  void recount_as_eager(Route route) noexcept;

  /// Waits for the device work of what was taken out, where there is any, and destroys it.
  static void destroy(EntryChain out, bool wait) noexcept;
  /// Destroys what was evicted with device work pending and has it complete now.
  void reap() noexcept;

  const GraphCacheOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable finished_;  // A flight has ended.
  Index index_;
  LruIndex<GraphKey, Refusal> refusals_;
  std::unordered_map<GraphKey, std::shared_ptr<Flight>> flights_;
  EntryChain draining_;  // Out of the index, not leased, device work not known to be complete.
  bool closed_ = false;

  GraphCacheStats stats_;  // `size` and `bytes` are filled in by stats().
  std::vector<std::chrono::nanoseconds> capture_times_;  // A ring of the last ones.
};

}  // namespace replayrt::detail
