#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "replayrt/load_engine.hpp"

// What the program `gpu_bench` measures, one function for each of its commands. All throw what goes
// wrong.
namespace replayrt::benchmarks {

using Json = nlohmann::ordered_json;

/// What every command is told.
struct CommonOptions {
  std::filesystem::path plan;
  std::string shapes;
  std::vector<std::filesystem::path> more_plans{};  ///< Engines that share the cache.
  LoadOptions load{};

  /// One engine for each plan, or for each of the first `most`, of which there must be as many.
  [[nodiscard]] std::vector<Engine> load_engines(std::size_t most) const;
  [[nodiscard]] std::vector<Engine> load_engines() const {
    return load_engines(more_plans.size() + 1);
  }
  /// A seeded random input for each shape, in host memory.
  [[nodiscard]] std::vector<Tensor> inputs() const;
};

/// Plan, shapes, device and versions: the head of a report.
Json describe(const CommonOptions& options);

struct LatencyOptions {
  CommonOptions common;
  std::string sides;
  std::int64_t rounds = 50;
  std::int64_t calls = 60;
  double warm_up_seconds = 0.2;
};
/// How long calls take in each of the ways of sides.hpp.
Json measure_latency(const LatencyOptions& options);

struct MemoryOptions {
  CommonOptions common;
};
/// Device memory for each shape that is added, here and by the reference's scheme.
Json measure_memory(const MemoryOptions& options);

struct ThreadsOptions {
  CommonOptions common;
  std::string threads;  ///< "1,2,4,8"
  std::int64_t rounds = 5;
  std::int64_t calls = 400;  ///< Of each thread in a round.
};
/// Calls per second of several threads, each with a stream of its own.
Json measure_threads(const ThreadsOptions& options);

struct StressOptions {
  CommonOptions common;
  std::int64_t threads = 8;
  std::int64_t calls = 100'000;
  std::int64_t capacity = 6;
  double tolerance = 1e-3;
};
/// Many calls of many threads on one small cache, each answer compared with the eager one: `wrong`
/// of the report counts those that differ.
Json run_stress(const StressOptions& options);

}  // namespace replayrt::benchmarks
