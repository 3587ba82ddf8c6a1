#pragma once

#include <string>

#include "bench_report.hpp"
#include "bench_runner.hpp"
#include "workload.hpp"

namespace replayrt::cli {

/// The measurements as one HTML page with charts and tables, which refers to nothing outside itself
/// and runs no script. Depends on its arguments only.
std::string bench_html(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan,
                       const BenchResult& result);

}  // namespace replayrt::cli
