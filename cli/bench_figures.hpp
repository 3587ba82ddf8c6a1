#pragma once

#include <map>
#include <optional>
#include <vector>

#include "bench_runner.hpp"
#include "statistics.hpp"
#include "workload.hpp"

namespace replayrt::cli {

/// Null if the mode was not run.
const ModeResult* find_mode(const BenchResult& result, Mode mode);

/// The mode whose cache a report shows: replay, else recapture. Null without either.
const ModeResult* mode_with_cache(const BenchResult& result);

/// Of all rounds, in seconds: with several callers less than the sum of the calls, which overlap.
double total_time(const ModeResult& mode);

/// `total_time` divided by eager's. None if eager was not run.
std::optional<double> total_ratio(const BenchResult& result, const ModeResult& mode);

/// Time of a round in `mode` divided by the time of the same round in eager mode: the median over
/// the rounds, which one disturbed round does not move. None if eager was not run.
std::optional<double> ratio_to_eager(const BenchResult& result, const ModeResult& mode);

/// Median time of the calls of each case, in seconds.
std::vector<double> case_medians(const Workload& workload, const ModeResult& mode);

/// Of each case: its calls by the route that served them, without routes that served none.
std::vector<std::map<Route, Summary>> case_routes(const Workload& workload, const ModeResult& mode);

}  // namespace replayrt::cli
