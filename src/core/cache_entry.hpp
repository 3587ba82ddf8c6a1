#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/engine_state.hpp"
#include "core/lru_index.hpp"
#include "core/usage.hpp"
#include "replayrt/core/graph_cache_stats.hpp"

namespace replayrt::detail {

using TimePoint = std::chrono::steady_clock::time_point;

/// Calls by a captured graph whose lease is not over: how they will have been served is not known
/// for sure yet.
struct OpenCalls {
  std::uint64_t captured = 0;
  std::uint64_t replayed = 0;
};

/// What the cache knows of one engine. Guarded by the cache's lock.
struct EngineRecord {
  EngineUsage usage;
  EngineStats stats;
  std::int64_t graph_bytes_total = 0;  ///< Of all graphs ever made.
  OpenCalls open;
};

/// Bytes that a graph of the engine is expected to hold: the mean so far, else the backend's
/// estimate.
inline std::int64_t footprint_of(const EngineRecord& engine, std::size_t estimate) noexcept {
  return engine.stats.captures > 0
             ? engine.graph_bytes_total / static_cast<std::int64_t>(engine.stats.captures)
             : static_cast<std::int64_t>(estimate);
}

/// What the cache knows of one key, held or not. Guarded by the cache's lock.
struct KeyRecord {
  KeyRecord(GraphKey of, std::shared_ptr<EngineRecord> record)
      : engine(std::move(record)), stats(std::move(of)) {
    for (const TensorSignature& input : stats.key.inputs()) {
      input_elements += static_cast<std::uint64_t>(input.shape.num_elements());
    }
  }

  const std::shared_ptr<EngineRecord> engine;
  std::uint64_t input_elements = 0;  ///< Of one call.
  KeyUsage usage;                    ///< Starts anew when the key is evicted.
  KeyDemand demand;                  ///< Since the key is remembered.
  KeyStats stats;  ///< Counters since the key is remembered; `stats.refusal` is the negative cache.
  TimePoint retry_at = TimePoint::max();  ///< When a refused capture is tried again.
  bool queued = false;           ///< Waits for the background thread, or is captured by it.
  bool to_be_prewarmed = false;  ///< Waits for the background thread, after what calls want.
  OpenCalls open;
  bool remembered = false;
  LruIndex<GraphKey, std::shared_ptr<KeyRecord>>::Handle place{};  ///< If remembered.

  /// Whether it must stay known, whatever other keys come: or its key would be captured twice.
  [[nodiscard]] bool in_use() const noexcept { return stats.held || queued || to_be_prewarmed; }
  void set_held(bool value) noexcept { set(stats.held, value); }
  void set_queued(bool value) noexcept { set(queued, value); }
  void set_to_be_prewarmed(bool value) noexcept { set(to_be_prewarmed, value); }

 private:
  void set(bool& flag, bool value) noexcept {
    flag = value;
    if (remembered) {
      place->pinned = in_use();
    }
  }
};

struct CacheSlot;

/// One captured graph. Owned by its slot while it is held, and by its lease while there is one.
struct CacheEntry {
  std::shared_ptr<EngineState> engine;  // Before `graph`: the graph is destroyed first.
  std::unique_ptr<Executor> graph;
  std::shared_ptr<KeyRecord> record;
  std::int64_t bytes = 0;  ///< Footprint, as the backend said when the graph was made.

  // All below is guarded by the cache's lock; `pending` and `verified` by the lease while there is
  // one.
  CacheSlot* slot = nullptr;  // Null when it is no longer held.
  bool leased = false;
  bool verified = false;
  bool has_pending = false;
  Completion pending{};  // Device work of the last, ended lease.
  std::shared_ptr<CacheEntry> next_out{};
};

using EntryPtr = std::shared_ptr<CacheEntry>;

/// The graphs of one key.
struct CacheSlot {
  std::vector<EntryPtr> instances;
  LruIndex<GraphKey, std::unique_ptr<CacheSlot>>::Handle place{};
};

using SlotIndex = LruIndex<GraphKey, std::unique_ptr<CacheSlot>>;

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
  void push(EntryPtr entry) noexcept {
    entry->next_out = std::move(head_);
    head_ = std::move(entry);
  }
  /// Null when empty.
  EntryPtr pop() noexcept {
    EntryPtr entry = std::move(head_);
    if (entry != nullptr) {
      head_ = std::move(entry->next_out);
    }
    return entry;
  }
  [[nodiscard]] const CacheEntry* head() const noexcept { return head_.get(); }

 private:
  EntryPtr head_;
};

}  // namespace replayrt::detail
