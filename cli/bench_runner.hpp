#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mode_runner.hpp"
#include "replayrt/core/engine.hpp"
#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/saved_key.hpp"
#include "trtexec.hpp"
#include "workload.hpp"

namespace replayrt::cli {

/// How much is run, and how.
struct BenchPlan {
  std::vector<Mode> modes;
  std::int64_t rounds = 1;  ///< Measured ones; one is every call of the workload in every mode.
  std::int64_t warmup_rounds = 0;  ///< Run before them; none if `cold`.
  GraphCacheOptions cache;         ///< Of the replay mode.
  std::int64_t callers = 1;        ///< Threads that issue the calls.
  /// The stream of each caller, for the measured calls; empty: they have none.
  std::vector<std::shared_ptr<void>> streams{};
  std::optional<std::uint64_t> shuffle_seed{};  ///< Set: every round has an order of its own.
  /// Every measured round begins with a new, empty cache, and nothing is run before.
  bool cold = false;
  /// The replay mode's cache, with `cold` each round's new one, is prewarmed from these. None: not.
  std::optional<std::vector<SavedKey>> prewarm{};
  bool keep_keys = false;     ///< Whether the result has `keys`.
  bool keep_metrics = false;  ///< Whether the result has `metrics`.
};

struct BenchResult {
  std::vector<ModeResult> modes;
  /// Largest |answer - eager answer| of the calls that were made to compare them, over all shapes
  /// and outputs. None if no mode has a cache.
  std::optional<double> max_abs_difference;
  std::vector<TrtexecRun> trtexec{};  ///< What trtexec measured of the same; empty: not asked.
  // Of the replay mode's cache after the measured calls; empty: not asked, or no such mode.
  std::vector<SavedKey> keys{};
  std::string metrics{};
};

/// The order in which a round, counted from 0, runs its calls: positions in the workload. The same
/// for the same seed, round and number of calls, on every machine; 0, 1, … without a seed.
std::vector<std::size_t> round_order(std::size_t calls, std::optional<std::uint64_t> seed,
                                     std::int64_t round);

/// Runs the modes; which one goes first rotates. With one caller they are interleaved call by call,
/// as other load on a machine comes and goes faster than a round takes. Several callers run one
/// mode's whole round, then the next one's, each taking the next call that nobody has taken.
/// Throws what `infer`, `GraphCache::import_keys` and `GraphCache::export_keys` throw.
BenchResult run_bench(const Engine& engine, const Workload& workload, const BenchPlan& plan);

}  // namespace replayrt::cli
