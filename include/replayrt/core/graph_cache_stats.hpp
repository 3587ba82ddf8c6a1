#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/core/graph_key.hpp"
#include "replayrt/core/reason.hpp"

namespace replayrt {

/// Why a key is served eagerly although the cache has room.
struct Refusal {
  Reason reason = Reason::kNone;
  std::string message;
};

/// A cache's counters. calls = eager + captured + replayed = hits + misses, always; a call is one
/// executor run asked of this cache (one chunk of a split batch).
struct GraphCacheStats {
  std::uint64_t calls = 0;
  std::uint64_t eager = 0;
  std::uint64_t captured = 0;
  std::uint64_t replayed = 0;

  std::uint64_t hits = 0;              ///< The graph was there, and was leased or busy.
  std::uint64_t misses = 0;            ///< It was not.
  std::uint64_t captures = 0;          ///< Graphs made, published or not.
  std::uint64_t capture_failures = 0;  ///< Captures that failed, were refused, or were over budget.
  std::uint64_t mismatches = 0;  ///< Graphs refused since they answered otherwise than eagerly.
  std::uint64_t evictions = 0;   ///< Graphs pushed out by capacity, max_bytes or purge.
  std::uint64_t futile_evictions = 0;  ///< Of these: had not earned their capture.
  std::uint64_t thrash_warnings = 0;   ///< Times that too many of these came at once.
  std::uint64_t removals = 0;          ///< Graphs taken out by safe_remove or with their engine.
  std::uint64_t input_elements = 0;    ///< Of the inputs of all calls, padding included.
  std::uint64_t padding_elements = 0;  ///< Of these: added by `infer` for batch limits or buckets.
  std::uint64_t prewarmed = 0;         ///< Graphs made before a call asked for them, and kept.

  std::int64_t capacity = 0;
  std::int64_t max_bytes = 0;
  std::int64_t size = 0;             ///< Keys held.
  std::int64_t bytes = 0;            ///< Sum of the footprints of the graphs in the cache.
  std::int64_t peak_bytes = 0;       ///< Largest value that `bytes` has had.
  std::int64_t shared_bytes = 0;     ///< Sum over the engines that it knows; not part of `bytes`.
  std::int64_t queued_captures = 0;  ///< Waiting for the background thread.

  std::chrono::nanoseconds capture_time_total{0};
  /// Over the last 4,096 captures; 0 if there are none.
  std::chrono::nanoseconds capture_time_median{0};
  std::chrono::nanoseconds time_saved{
      0};  ///< By replays over eager runs, as measured; may be negative.
};

/// One key, as far as it is remembered: the 4,096 that were used last.
struct KeyStats {
  explicit KeyStats(GraphKey of) : key(std::move(of)) {}

  GraphKey key;
  bool held = false;
  std::uint64_t calls = 0;
  std::uint64_t eager = 0;
  std::uint64_t replayed = 0;
  std::uint64_t captures = 0;
  std::int64_t bytes = 0;  ///< Held now, all instances.
  std::int64_t instances = 0;
  std::chrono::nanoseconds mean_eager_time{0};
  std::chrono::nanoseconds mean_replay_time{0};
  std::chrono::nanoseconds capture_time{0};  ///< Of the last capture.
  std::chrono::nanoseconds time_saved{0};
  std::optional<Refusal> refusal{};
};

/// The sum over one engine's calls.
struct EngineStats {
  EngineId engine = 0;
  std::uint64_t calls = 0;
  std::uint64_t eager = 0;
  std::uint64_t captured = 0;
  std::uint64_t replayed = 0;
  std::uint64_t captures = 0;
  std::uint64_t input_elements = 0;  ///< As in GraphCacheStats.
  std::uint64_t padding_elements = 0;
  std::int64_t bytes = 0;
  /// What the engine holds once for all its graphs and eager runs (activation memory).
  std::int64_t shared_bytes = 0;
  std::chrono::nanoseconds capture_time_total{0};
  std::chrono::nanoseconds time_saved{0};
};

/// Everything that a cache knows of itself, at one moment.
struct GraphCacheReport {
  GraphCacheStats totals;
  std::vector<EngineStats> engines;
  /// First those without a graph, then those with one; of each the least recently used first.
  std::vector<KeyStats> keys;
};

/// The report as one JSON object: `totals`, `engines` and `keys` with the names of the members
/// above; times in milliseconds (`…_ms`), keys as text, `refusal` as {reason, message} or null.
std::string to_json(const GraphCacheReport& report);

/// The report in Prometheus' text format; see `GraphCache::metrics`, which gives it calls that are
/// over.
std::string to_prometheus(const GraphCacheReport& report, std::string_view labels = {});

}  // namespace replayrt
