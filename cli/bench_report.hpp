#pragma once

#include <cstdint>
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
  std::string command{};
  std::string commit{};    ///< That the program was built from; empty: not known.
  std::string cpu{};       ///< Of the machine.
  std::int64_t cores = 0;  ///< That the process may use.
  std::string date{};      ///< When it was measured.
};

/// The measurements as tables for people.
std::string bench_text(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan,
                       const BenchResult& result);

/// The measurements as JSON.
std::string bench_json(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan,
                       const BenchResult& result);

}  // namespace replayrt::cli
