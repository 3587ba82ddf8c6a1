#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/core/engine.hpp"
#include "replayrt/core/graph_cache_options.hpp"
#include "replayrt/core/graph_cache_stats.hpp"
#include "replayrt/core/graph_key.hpp"
#include "replayrt/core/saved_key.hpp"

namespace replayrt {

/// How one call was served.
enum class Route : std::uint8_t {
  kEager,     ///< By an eager executor; a Reason says why.
  kCaptured,  ///< By a captured graph that this very call made.
  kReplayed,  ///< By a captured graph that was there.
};

/// "eager", "captured", "replayed"
std::string_view to_string(Route route) noexcept;

namespace detail {
class GraphCacheState;
struct CacheEntry;
struct EagerSlot;
struct KeyRecord;
}  // namespace detail

/// Exclusive, scoped use of one executor: a captured graph of a cache, or an eager executor of the
/// engine. While it lives nobody else runs the executor and nobody destroys it, whatever happens to
/// the cache and the engine. Move-only. It may be ended on another thread than the one it was made
/// on.
class Lease {
 public:
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();  ///< Ends the lease as if no device work were pending.

  [[nodiscard]] Executor& executor() const noexcept { return *executor_; }
  [[nodiscard]] Route route() const noexcept { return route_; }
  [[nodiscard]] Reason reason() const noexcept { return reason_; }

  /// Ends the lease for the caller; the executor stays reserved until `completion` is done.
  /// `run_time`: how long the run took, if it was measured; the cache weighs captures by it.
  void finish(const Completion& completion,
              std::optional<std::chrono::nanoseconds> run_time = std::nullopt) noexcept;

  /// Ends the lease of a captured graph whose run failed: the graph leaves the cache and is
  /// destroyed. On an eager lease the executor is destroyed and a new one made when next needed.
  void discard() noexcept;

 private:
  friend class detail::GraphCacheState;
  friend class detail::EngineState;
  Lease() noexcept;
  void end(const Completion& completion, bool keep,
           std::optional<std::chrono::nanoseconds> run_time) noexcept;

  // Of a captured graph: cache_, entry_. Eager: engine_, eager_; and cache_, record_ if a cache was
  // asked.
  std::shared_ptr<detail::GraphCacheState> cache_;
  std::shared_ptr<detail::CacheEntry> entry_;
  std::shared_ptr<detail::KeyRecord> record_;
  std::shared_ptr<detail::EngineState> engine_;
  std::unique_ptr<detail::EagerSlot> eager_;
  Executor* executor_ = nullptr;
  Route route_ = Route::kEager;
  Reason reason_ = Reason::kNone;
};

/// A bounded cache of captured graphs, least recently used (or as the options say) out first, which
/// any number of models and threads share. The seed's `TRTCudaGraphCache`.
///
/// Thread-safety: every member may be called from any thread at any time. No capture, no
/// destruction of a graph and no user code runs under the cache's lock. Lifetime: leases may
/// outlive the cache; graphs of an Engine that goes away are dropped. `size <= capacity` and `bytes
/// <= max_bytes` hold at every moment; a graph that is evicted while it is leased no longer counts
/// but lives until the lease ends.
class GraphCache {
 public:
  /// Throws Error(kInvalidParameter) if `capacity` is negative.
  explicit GraphCache(std::int64_t capacity);
  /// Throws Error(kInvalidParameter) that names the option at fault.
  explicit GraphCache(const GraphCacheOptions& options);
  GraphCache(const GraphCache&) = delete;
  GraphCache& operator=(const GraphCache&) = delete;
  ~GraphCache();

  // The seed's API.

  /// Number of graphs held now.
  [[nodiscard]] std::int64_t get_current_size() const;
  /// Keys held now, least recently used first.
  [[nodiscard]] std::vector<GraphKey> list_keys() const;
  /// Whether `key` is held now. Does not touch recency.
  [[nodiscard]] bool contains(const GraphKey& key) const;
  /// Drops `key`, and what is remembered against it; nothing happens if it is absent. A leased
  /// graph is destroyed when its lease ends.
  void safe_remove(const GraphKey& key);
  /// Drops the `n_oldest` least recently used graphs; all of them, and every remembered refusal, if
  /// no number is given. Throws Error(kInvalidParameter) if it is negative.
  void purge(std::optional<std::int64_t> n_oldest = std::nullopt);

  // Beyond the seed.

  /// Leases an executor for `key`, which must be a key of `engine`: its graph if it is held and
  /// free; a graph captured now if it is not held (one thread captures, the others that ask for the
  /// same key wait for it); an eager executor with a Reason otherwise. The graph becomes the most
  /// recently used one. Throws what the backend throws when not even an eager executor can be had;
  /// Error(kInvalidParameter) for a foreign key.
  [[nodiscard]] Lease acquire(const Engine& engine, const GraphKey& key);

  /// Drops every graph of the engine.
  void remove_engine(EngineId engine);

  /// Why `key` is not captured, if that has been found out.
  [[nodiscard]] std::optional<Refusal> refusal(const GraphKey& key) const;

  [[nodiscard]] GraphCacheStats stats() const;

  /// The same with every engine and key, all at one moment.
  [[nodiscard]] GraphCacheReport report() const;

  /// Captures graphs of `engine` before calls ask for them, in the order given: the hottest first;
  /// in the background, what calls have asked for of late goes ahead. It evicts nothing and stops
  /// when the cache is full; admission and the limit of captures per second are not asked. What is
  /// prewarmed and not yet used is the first to be evicted, the last given first. Graphs are
  /// compared with the eager answer at their first replay, as `verify` says. Throws
  /// Error(kModelInput) before anything is done if the engine does not take one of the signatures,
  /// kInvalidParameter if one has an address; kOutOfMemory, also where no thread can be started,
  /// after which what was accepted stays so. Failed captures are remembered as those of calls.
  PrewarmReport prewarm(const Engine& engine, std::span<const InputSignature> signatures,
                        PrewarmMode mode = PrewarmMode::kInline);

  /// The working set: the keys held now, the hottest first, by what they have saved of late and
  /// then by recency. Without keys that have an address and those of engines whose content cannot
  /// be told; what several engines of one content hold is one key. Reads the model's files the
  /// first time (see `Engine::content_hash`); throws what that throws.
  [[nodiscard]] std::vector<SavedKey> export_keys() const;

  /// Prewarms `keys`, the hottest first, for every one of `engines` that has the content and device
  /// of a key. Keys of other engines, and those that the engine does not take, are left out and
  /// counted. Throws Error(kInvalidParameter) for a null engine, and what `Engine::content_hash`
  /// throws, before anything is done.
  PrewarmReport import_keys(std::span<const SavedKey> keys, std::span<const Engine* const> engines,
                            PrewarmMode mode = PrewarmMode::kBackground);

  /// The report in Prometheus' text format 0.0.4: totals, every engine, and the 50 keys with the
  /// most calls. Only calls that are over count as captured or replayed: counters never fall.
  /// `labels` are put on every series: `service="ocr",zone="b"`, in the format's own notation.
  /// Throws Error(kInvalidParameter) that quotes them if they are none, or one is called route,
  /// engine or key.
  [[nodiscard]] std::string metrics(std::string_view labels = {}) const;

  /// Returns when no capture is under way, the device work of its graphs whose leases have ended is
  /// complete, and what was evicted meanwhile is destroyed.
  void wait_idle();

  /// For the core itself.
  [[nodiscard]] const std::shared_ptr<detail::GraphCacheState>& state() const noexcept {
    return state_;
  }

 private:
  std::shared_ptr<detail::GraphCacheState> state_;
};

/// The seed's name.
using TRTCudaGraphCache = GraphCache;

/// Whose environment variable `establish_trt_cuda_graph_cache` reads.
enum class CacheBackend : std::uint8_t {
  kTensorRt,  ///< ENABLE_AUTO_CUDA_GRAPHS_FOR_TRT_BACKEND
  kOpenVino,  ///< ENABLE_AUTO_GRAPHS_FOR_OPENVINO_BACKEND
};

/// Resolves which cache a model uses, by the seed's rule. A given cache comes back as it is;
/// environment and size are then not looked at. Otherwise the backend's environment variable
/// decides: `true` makes a new cache of capacity `default_cuda_graph_cache_size`, `false` or unset
/// gives null, which means plain execution. The value is compared whole and in any case; all else
/// throws Error(kInvalidEnvVariable) that names the variable and the value. Throws
/// Error(kInvalidParameter) if a cache is to be made and the size is negative. Touches no device.
std::shared_ptr<GraphCache> establish_trt_cuda_graph_cache(
    std::int64_t default_cuda_graph_cache_size,
    std::shared_ptr<GraphCache> cuda_graph_cache = nullptr,
    CacheBackend backend = CacheBackend::kTensorRt);

}  // namespace replayrt
