// What captures leave behind: graphs are captured and evicted in turn by a cache of capacity 1, and
// the process's memory is looked at after 20 cycles and at the end, beside the same process when it
// had run eagerly only.
#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "elements.hpp"
#include "program.hpp"
#include "replayrt/core/infer.hpp"
#include "shape_spec.hpp"

namespace {

using replayrt::Engine;
using replayrt::GraphCache;
using replayrt::Tensor;
using replayrt::TensorView;

constexpr std::int64_t kEarlyCycle = 20;

struct Options : replayrt::benchmarks::ModelFlags {
  std::int64_t cycles = 200;
};

/// Resident anonymous memory as the kernel counts it (proc(5), VmRSS's part that no file backs).
std::int64_t resident_bytes() {
  // The heap gives back what is free, as it does at each capture.
  malloc_trim(0);
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("RssAnon:")) {
      return std::stoll(line.substr(8)) * 1024;
    }
  }
  throw std::runtime_error("/proc/self/status has no RssAnon: a Linux of 4.5 or later is needed");
}

void run(const Options& options) {
  const Engine engine = replayrt::cli::load(options.load);
  std::vector<Tensor> inputs;
  for (const replayrt::cli::ShapeSpec& spec : replayrt::cli::parse_shape_list(options.shapes)) {
    inputs.push_back(
        replayrt::cli::random_tensor(replayrt::DType::kF32, spec.at(0).shape, /*seed=*/1));
  }
  const auto call = [&](std::int64_t number, const std::shared_ptr<GraphCache>& cache) {
    const TensorView view = inputs[static_cast<std::size_t>(number) % inputs.size()].view();
    return infer(engine, {&view, 1}, {.graph_cache = cache}).route;
  };
  const std::int64_t loaded = resident_bytes();
  for (std::int64_t i = 0; i < options.cycles; ++i) {
    call(i, nullptr);
  }
  const std::int64_t eager = resident_bytes();

  const auto cache = std::make_shared<GraphCache>(
      replayrt::GraphCacheOptions{.capacity = 1, .admission = replayrt::Admission::always()});
  std::int64_t early = 0;
  std::int64_t footprints = 0;
  std::int64_t least = 0;
  for (std::int64_t i = 0; i < options.cycles; ++i) {
    if (call(i, cache) != replayrt::Route::kCaptured) {
      throw std::runtime_error("expected every call to capture: give at least two shapes");
    }
    const std::int64_t bytes = cache->stats().bytes;
    footprints += bytes;
    least = i == 0 ? bytes : std::min(least, bytes);
    if (i + 1 == std::min(kEarlyCycle, options.cycles)) {
      early = resident_bytes();
    }
  }
  const std::int64_t late = resident_bytes();
  cache->purge();
  const std::int64_t purged = resident_bytes();

  const nlohmann::ordered_json report = {{"model", options.load.model.stem().string()},
                                         {"shapes", inputs.size()},
                                         {"cycles", options.cycles},
                                         {"loaded_bytes", loaded},
                                         {"eager_bytes", eager},
                                         {"early_bytes", early},
                                         {"late_bytes", late},
                                         {"purged_bytes", purged},
                                         {"footprint_mean", footprints / options.cycles},
                                         {"footprint_least", least}};
  replayrt::benchmarks::write_report(options, report);
  fmt::print("{}\n", report.dump(2));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Measures the memory that captures and evictions leave; the model has one f32 input, and "
      "there "
      "are at least two shapes.",
      "capture_churn");
  replayrt::benchmarks::add_model_flags(app, options);
  replayrt::cli::add_number(app, "--cycles", options.cycles, 1, replayrt::cli::kNoLimit,
                            "Captures, each of which evicts the one before");
  return replayrt::benchmarks::run_program(app, argc, argv, [&] { run(options); });
}
