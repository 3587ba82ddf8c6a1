#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench_runner.hpp"
#include "workload.hpp"

namespace replayrt::cli {

/// What a report says besides the measurements.
struct BenchFacts {
  std::string model;
  std::string backend;       ///< "openvino"
  std::string backend_text;  ///< With its version.
  std::string device;
  std::string precision;
  std::int64_t threads = 0;  ///< 0: not on the CPU.
  std::uint64_t seed = 0;
  std::int64_t repeat = 1;  ///< How often a round holds the trace.
  std::string command;
};

/// Time of a round in `mode` divided by the time of the same round in eager mode: the median over
/// the rounds, which one disturbed round does not move. None if eager was not run.
std::optional<double> ratio_to_eager(const BenchResult& result, const ModeResult& mode);

/// The measurements as tables for people.
std::string bench_text(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan,
                       const BenchResult& result);

/// The measurements as JSON.
std::string bench_json(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan,
                       const BenchResult& result);

}  // namespace replayrt::cli
