#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replayrt/core/engine.hpp"
#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/infer.hpp"
#include "workload.hpp"

namespace replayrt::cli {

/// A way to serve the calls of a bench.
enum class Mode : std::uint8_t {
  kEager,      ///< No cache.
  kRecapture,  ///< Every call captures: its cache is emptied before each one.
  kReplay,     ///< A cache, as the plan says.
};

/// "eager", "recapture", "replay"
std::string_view to_string(Mode mode) noexcept;
/// The inverse, for a list with commas; throws UsageError for unknown or repeated modes.
std::vector<Mode> parse_modes(std::string_view text);

/// How many of a mode's calls had been served, and how, when `seconds` of its time had passed.
struct ServedSoFar {
  double seconds = 0;
  std::int64_t calls = 0;
  std::int64_t captured = 0;
  std::int64_t replayed = 0;
  double captured_seconds = 0;  ///< Sum over the calls that captured: several callers' overlap.
};

/// Running totals of the calls in the order in which they ended: thinned evenly, so that they stay
/// few however many calls there are.
class Timeline {
 public:
  static constexpr std::size_t kMostPoints = 200;

  /// A call that took `call_seconds` was served by `route` and ended when `seconds` had passed.
  void add(double seconds, Route route, double call_seconds);

  /// At most kMostPoints; the last one has all calls. Empty without calls.
  [[nodiscard]] std::vector<ServedSoFar> points() const;

 private:
  ServedSoFar total_;
  std::int64_t stride_ = 1;  // Calls from point to point.
  std::vector<ServedSoFar> points_;
};

/// What was measured of one mode. Times in seconds.
struct ModeResult {
  Mode mode = Mode::kEager;
  std::vector<double> call_times;   ///< Round by round, in the workload's order.
  std::vector<Route> call_routes;   ///< Of the same calls.
  std::vector<double> round_times;  ///< One caller: sum of the calls; several: wall time.
  std::int64_t eager = 0;
  std::int64_t captured = 0;
  std::int64_t replayed = 0;
  std::map<std::string, std::int64_t> reasons;  ///< Of the eager calls.
  Timeline timeline;                            ///< Over all rounds, on the clock of round_times.
  std::optional<GraphCacheStats> cache;         ///< Over its whole life; none without a cache.
  std::vector<EngineStats> engines;             ///< What the cache knows of each; as `cache`.
  std::optional<PrewarmReport> prewarm;         ///< Of the newest cache; none if not prewarmed.
};

/// One mode with its cache, the round under way and what was measured so far.
class ModeRunner {
 public:
  /// `options` are the replay mode's; recapture takes over what does not keep it from capturing.
  ModeRunner(Mode mode, const Engine& engine, const GraphCacheOptions& options);

  [[nodiscard]] Mode mode() const noexcept { return result_.mode; }

  [[nodiscard]] const std::shared_ptr<GraphCache>& cache() const noexcept {
    return infer_options_.graph_cache;
  }

  [[nodiscard]] InferResult call(const Case& with) const;

  /// A new, empty cache in place of the one there.
  void renew_cache();

  /// Prewarms the cache, which there must be: before this returns or, where it captures in the
  /// background, by its thread. Throws what `GraphCache::import_keys` throws.
  void prewarm(const std::vector<SavedKey>& keys);

  void begin_round(std::size_t calls) { round_.assign(calls, {}); }

  /// Runs and times the call at `position` of the round. Several threads may, at different
  /// positions.
  void run_call(const Case& with, std::size_t position, const RunContext& context);

  /// Files the round's calls, which took `wall_seconds` altogether or, without that, their sum, and
  /// notes the cache.
  void end_round(std::optional<double> wall_seconds);

  /// Keeps the counters of the cache, which there must be, as they are now.
  void note_cache();

  ModeResult take_result() { return std::move(result_); }

 private:
  using Clock = std::chrono::steady_clock;

  struct Served {
    double seconds = 0;
    Clock::time_point ended{};
    Route route = Route::kEager;
    Reason reason = Reason::kNone;
  };

  void note_timeline(std::optional<double> wall_seconds);

  const Engine& engine_;
  GraphCacheOptions options_;
  InferOptions infer_options_;
  std::vector<Served> round_;  // By position in the workload.
  double elapsed_ = 0;         // Sum of round_times.
  ModeResult result_;
};

}  // namespace replayrt::cli
