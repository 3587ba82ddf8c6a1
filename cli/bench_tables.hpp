#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench_report.hpp"
#include "bench_runner.hpp"
#include "table.hpp"
#include "workload.hpp"

namespace replayrt::cli {

/// What `bench_text` and `bench_html` both tell of a bench.

/// Which admission the replay cache has.
std::string admission_text(const BenchPlan& plan);

/// ", 2 threads"; empty for 0.
std::string threads_text(std::int64_t threads);

/// Each setting that is not the default, in words.
std::vector<std::string> settings_of(const BenchFacts& facts, const BenchPlan& plan);

/// How many calls there were, and in which order: "30 per mode: 10 rounds of 3 calls, ...".
std::string calls_text(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan);

/// A row for each mode; kModesNote says what its last column means.
Table modes_table(const BenchResult& result);
inline constexpr const char* kModesNote =
    "to eager: time of a whole round divided by eager's time in the same round, median of the "
    "rounds";

/// The medians of the first `most` shapes, by mode.
Table shapes_table(const Workload& workload, const BenchResult& result, std::size_t most);

/// What trtexec measured beside what was measured here.
Table trtexec_table(const Workload& workload, const BenchResult& result);
inline constexpr const char* kTrtexecNote =
    "trtexec's latency: both copies and the GPU's time; enqueue: the host's share";

/// What a mode's cache did and holds, and how the mode's calls were served: a line each.
std::vector<std::string> cache_lines(const ModeResult& mode, const BenchPlan& plan);

}  // namespace replayrt::cli
