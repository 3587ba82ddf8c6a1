#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "flags.hpp"
#include "replayrt/core/graph_cache_options.hpp"

namespace replayrt::cli {

inline constexpr std::int64_t kMostCallsOfRound = 100'000'000;

/// What the command line of `replayrt bench` says.
struct BenchOptions {
  LoadFlags load;
  CacheFlags cache;
  std::string shapes;
  std::string trace;
  std::string modes = "eager,recapture,replay";
  std::string json;  ///< "-": standard output; as `metrics`. Empty: none, as the others.
  std::string html;
  std::string save_keys;
  std::string load_keys;
  std::string metrics;
  Admission admission = Admission::always();
  Eviction eviction = Eviction::kLeastRecentlyUsed;
  CaptureMode capture = CaptureMode::kInline;
  Verification verify = Verification::first();
  std::int64_t instances = 1;
  std::int64_t callers = 1;
  std::int64_t streams = 0;  ///< 0: callers have none.
  bool compare_trtexec = false;
  std::optional<std::uint64_t> shuffle_seed;
  std::int64_t repeat = 1;
  bool cold = false;
  std::int64_t iterations = 10;
  std::optional<std::int64_t> warmup;
  std::int64_t seed = 1;
};

/// Adds all flags of the command and what its help says besides; parsing fills `options`.
void add_bench_flags(CLI::App& app, BenchOptions& options);

/// Throws UsageError that names the flag at fault where flags do not go together, and
/// Error(kFileAccess) if a file that is to be written cannot be: before anything is measured.
void require_possible(const BenchOptions& options);

}  // namespace replayrt::cli
