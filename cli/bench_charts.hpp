#pragma once

#include <optional>

#include "bench_report.hpp"
#include "bench_runner.hpp"
#include "charts.hpp"
#include "workload.hpp"

namespace replayrt::cli {

/// What the charts of a bench show; pure.

inline constexpr std::size_t kMostShapesOfChart = 16;

/// Median and p99 of the calls by shape and by the route that served them: of the shapes that are
/// called most, at most kMostShapesOfChart. `captured`: of the calls that captured, which take many
/// times as long as others; else of all others. No groups if there were no such calls.
BarChart latency_chart(const Workload& workload, const BenchResult& result, bool captured);

/// Time that had passed after so many calls, in eager mode and in the one with a cache, and what of
/// the latter its captures took.
LineChart cumulative_chart(const BenchResult& result);

/// Share of the replay mode's calls that were replayed: of those since the point before, and of all
/// so far. No lines if it was not run.
LineChart hit_rate_chart(const BenchResult& result);

/// What the cache holds and has held in bytes, by model, against the bound. `with` has a cache.
BarChart bytes_chart(const BenchFacts& facts, const ModeResult& with);

/// How many graphs the cache holds, against its capacity. `with` has a cache.
BarChart graphs_chart(const ModeResult& with);

}  // namespace replayrt::cli
