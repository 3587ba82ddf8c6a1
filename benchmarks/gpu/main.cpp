// Measures ReplayRT on TensorRT beside TensorRT and CUDA graphs by themselves. tools/gpu_proof.sh
// runs it on a machine with a GPU; the tests run it on the doubles of both.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <stdexcept>

#include "backends/cuda/device.hpp"
#include "backends/tensorrt/library.hpp"
#include "commands.hpp"
#include "elements.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "program.hpp"
#include "shape_spec.hpp"
#include "sides.hpp"

namespace replayrt::benchmarks {

std::vector<Tensor> CommonOptions::inputs() const {
  std::vector<Tensor> made;
  for (const cli::ShapeSpec& spec : cli::parse_shape_list(shapes)) {
    made.push_back(cli::random_tensor(DType::kF32, spec.at(0).shape, /*seed=*/made.size() + 1));
  }
  return made;
}

std::vector<Engine> CommonOptions::load_engines(std::size_t most) const {
  std::vector<Engine> engines;
  engines.push_back(load_engine(plan, load));
  for (const std::filesystem::path& other : std::span(more_plans).first(most - 1)) {
    engines.push_back(load_engine(other, load));
  }
  return engines;
}

Json describe(const CommonOptions& options) {
  Json shapes = Json::array();
  for (const cli::ShapeSpec& spec : cli::parse_shape_list(options.shapes)) {
    shapes.push_back(cli::to_string(spec));
  }
  return {{"plan", options.plan.stem().string()},
          {"device", cuda::list_devices().at(0).name},
          {"tensorrt", tensorrt::Library::open()->version().to_string()},
          {"slots", options.load.tensorrt.activation_slots},
          {"shapes", shapes}};
}

namespace {

/// A command, and how it is run once the flags are read.
class Commands {
 public:
  explicit Commands(CLI::App& app) : app_(app) { app_.require_subcommand(1); }

  CLI::App& add(const char* name, const char* help, CommonOptions& common,
                std::function<Json()> run) {
    CLI::App& command = *app_.add_subcommand(name, help);
    command.add_option("PLAN", common.plan, "A TensorRT plan of one f32 input")
        ->required()
        ->check(CLI::ExistingFile);
    command.add_option("--shapes", common.shapes, "Shapes, commas between them")->required();
    command.add_option("--json", json_, "Write the figures to this file");
    cli::add_number(command, "--slots", common.load.tensorrt.activation_slots, 1, 64,
                    "Blocks of activation memory");
    command.callback([this, run = std::move(run)] { run_ = run; });
    return command;
  }

  void run() const {
    const Json report = run_();
    if (!json_.empty()) {
      cli::write_file_atomically(json_, report.dump(2) + "\n");
    }
    if (const auto wrong = report.value("wrong", std::int64_t{0}); wrong > 0) {
      throw std::runtime_error(fmt::format("{} answers were wrong", wrong));
    }
  }

 private:
  CLI::App& app_;
  std::string json_;
  std::function<Json()> run_;
};

void add_plans(CLI::App& command, std::vector<std::filesystem::path>& plans) {
  command
      .add_option("--with", plans, "More plans, of the same input: engines that share the cache")
      ->check(CLI::ExistingFile);
}

int run(int argc, char** argv) {
  CLI::App app("Measures captured graphs of TensorRT plans, their inputs on the device.",
               "gpu_bench");
  Commands commands(app);
  LatencyOptions latency;
  for (const std::string_view side : side_names()) {
    latency.sides.append(latency.sides.empty() ? "" : ",").append(side);
  }
  CLI::App& with_latency = commands.add("latency", "How long calls take", latency.common,
                                        [&] { return measure_latency(latency); });
  with_latency
      .add_option("--sides", latency.sides,
                  "What is measured; answers are compared with the first's")
      ->capture_default_str();
  cli::add_number(with_latency, "--rounds", latency.rounds, 1, cli::kNoLimit, "Turns of each side");
  cli::add_number(with_latency, "--calls", latency.calls, 1, cli::kNoLimit, "Calls in a turn");
  with_latency.add_option("--warm-up", latency.warm_up_seconds, "Seconds of each side before")
      ->check(CLI::NonNegativeNumber);

  MemoryOptions memory;
  commands.add("memory", "Device memory for each shape", memory.common,
               [&] { return measure_memory(memory); });

  ThreadsOptions threads;
  CLI::App& with_threads = commands.add("threads", "Calls per second of several threads",
                                        threads.common, [&] { return measure_threads(threads); });
  add_plans(with_threads, threads.common.more_plans);
  with_threads.add_option("--threads", threads.threads, "Numbers of threads")->required();
  cli::add_number(with_threads, "--rounds", threads.rounds, 1, cli::kNoLimit,
                  "Turns of each number");
  cli::add_number(with_threads, "--calls", threads.calls, 1, cli::kNoLimit,
                  "Calls of a thread in a turn");

  StressOptions stress;
  CLI::App& with_stress = commands.add("stress", "Many threads on one small cache: no wrong answer",
                                       stress.common, [&] { return run_stress(stress); });
  add_plans(with_stress, stress.common.more_plans);
  cli::add_number(with_stress, "--threads", stress.threads, 1, 1024, "Threads");
  cli::add_number(with_stress, "--calls", stress.calls, 1, cli::kNoLimit, "Calls of all together");
  cli::add_number(with_stress, "--capacity", stress.capacity, 1, cli::kNoLimit,
                  "Graphs in the cache");
  with_stress
      .add_option("--tolerance", stress.tolerance,
                  "Largest difference from the eager answer, as a part of its largest element")
      ->check(CLI::NonNegativeNumber);
  return run_program(app, argc, argv, [&] { commands.run(); });
}

}  // namespace
}  // namespace replayrt::benchmarks

int main(int argc, char** argv) {
  return replayrt::benchmarks::run(argc, argv);
}
