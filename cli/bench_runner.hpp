#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/core/engine.hpp"
#include "replayrt/core/graph_cache.hpp"
#include "workload.hpp"

namespace replayrt::cli {

/// A way to serve the calls of a bench.
enum class Mode : std::uint8_t {
  kEager,      ///< No cache.
  kRecapture,  ///< Every call captures: its cache is emptied before each one, which is not
               ///< measured.
  kReplay,     ///< A cache that has seen every shape once before.
};

/// "eager", "recapture", "replay"
std::string_view to_string(Mode mode) noexcept;
/// The inverse, for a list with commas; throws UsageError for unknown or repeated modes.
std::vector<Mode> parse_modes(std::string_view text);

/// How much is run.
struct BenchPlan {
  std::vector<Mode> modes;
  std::int64_t rounds = 1;  ///< Measured ones; one is every call of the workload in every mode.
  std::int64_t warmup_rounds = 0;  ///< Run before them.
  GraphCacheOptions cache;         ///< Of the replay mode.
};

/// What was measured of one mode. Times in seconds.
struct ModeResult {
  Mode mode = Mode::kEager;
  std::vector<double> call_times;   ///< Round by round, in the workload's order.
  std::vector<double> round_times;  ///< Sum of the calls of each round.
  std::int64_t eager = 0;
  std::int64_t captured = 0;
  std::int64_t replayed = 0;
  std::map<std::string, std::int64_t> reasons;  ///< Of the eager calls.
  std::optional<GraphCacheStats> cache;         ///< Over its whole life; none without a cache.
};

struct BenchResult {
  std::vector<ModeResult> modes;
  /// Largest |answer - eager answer| of the captured and replayed calls that were made to compare
  /// them, over all shapes and outputs. None if no mode has a cache.
  std::optional<double> max_abs_difference;
};

/// Runs the modes interleaved, call by call, as other load on a machine comes and goes faster than
/// a round takes; which one goes first rotates. Throws what `infer` throws.
BenchResult run_bench(const Engine& engine, const Workload& workload, const BenchPlan& plan);

}  // namespace replayrt::cli
