#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "bench_report.hpp"
#include "bench_runner.hpp"
#include "command.hpp"
#include "error.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "machine.hpp"
#include "shape_spec.hpp"
#include "workload.hpp"

namespace replayrt::cli {
namespace {

constexpr std::int64_t kMostRounds = 10'000'000;

constexpr const char* kFooter =
    R"(Modes (run interleaved, call by call, on the same random inputs):
  eager      no cache: the model runs with dynamic shapes
  recapture  nothing is kept: every call captures its shape anew and runs it; throwing the graph away
             is not part of the time
  replay     a cache that has captured every shape before; with a --capacity or --max-bytes that is too
             small for all shapes it evicts and captures again, within the measured calls

Shapes: 1x3x48x320 for a model with one input; name:1x3x48x320;name2:2x5 for several. A trace is a file
with one such shape per line, in the order of the calls; blank lines and `#` comments are left out.

The cache's counters are those of its whole life, the two warming calls per shape included.

Examples:
  replayrt bench rec.onnx --shapes 1x3x48x320,1x3x48x640
  replayrt bench rec.onnx --trace shapes.txt --modes eager,replay --iterations 50 --json report.json
  replayrt bench rec.onnx --trace shapes.txt --capacity 4 --max-bytes 512M
  replayrt bench rec.onnx --shapes 1x3x48x320 --fuse argmax:fetch_name_0:2 --inference-threads 2)";

struct BenchOptions {
  LoadFlags load;
  CacheFlags cache;
  std::string shapes;
  std::string trace;
  std::string modes = "eager,recapture,replay";
  std::string json;
  std::int64_t iterations = 10;
  std::int64_t warmup = 1;
  std::int64_t seed = 1;
};

std::vector<RequestedCall> requested_calls(const BenchOptions& options) {
  if (options.shapes.empty() == options.trace.empty()) {
    throw UsageError("expected either --shapes or --trace");
  }
  std::vector<RequestedCall> calls;
  if (options.trace.empty()) {
    for (ShapeSpec& spec : parse_shape_list(options.shapes)) {
      calls.push_back({"--shapes", std::move(spec)});
    }
    return calls;
  }
  for (TraceLine& line : read_trace(options.trace)) {
    calls.push_back({fmt::format("{}:{}", options.trace, line.number), std::move(line.spec)});
  }
  return calls;
}

void run(const BenchOptions& options, const std::string& command_line) {
  BenchPlan plan;
  plan.modes = parse_modes(options.modes);
  plan.rounds = options.iterations;
  plan.warmup_rounds = options.warmup;
  const std::vector<RequestedCall> calls = requested_calls(options);
  const bool json_to_stdout = options.json == "-";
  if (!options.json.empty() && !json_to_stdout) {
    require_writable(options.json);
  }

  const Engine engine = load(options.load);
  const auto seed = static_cast<std::uint64_t>(options.seed);
  const Workload workload = make_workload(engine, calls, seed);
  plan.cache = options.cache.options(static_cast<std::int64_t>(workload.cases.size()));
  const BenchResult result = run_bench(engine, workload, plan);

  const std::int64_t threads = options.load.options.inference_threads;
  const BenchFacts facts = {.model = options.load.model.string(),
                            .backend = std::string(engine.backend_name()),
                            .backend_text = backend_text(engine.backend_name()),
                            .device = engine.device().to_string(),
                            .precision = std::string(to_string(options.load.options.precision)),
                            .threads = threads == 0 ? usable_cores() : threads,
                            .seed = seed,
                            .command = command_line};
  if (json_to_stdout) {
    write_stdout(bench_json(facts, workload, plan, result));
    return;
  }
  if (!options.json.empty()) {
    write_file_atomically(options.json, bench_json(facts, workload, plan, result));
  }
  write_stdout(bench_text(facts, workload, plan, result));
}

}  // namespace

Command add_bench(CLI::App& program, std::string command_line) {
  CLI::App* app = program.add_subcommand("bench", "Measure eager execution, capture and replay");
  app->footer(kFooter);
  const auto options = std::make_shared<BenchOptions>();
  add_load_flags(*app, options->load);
  app->add_option("--shapes", options->shapes, "Shapes to call with, commas between them")
      ->type_name("S,...");
  app->add_option("--trace", options->trace,
                  "File with one shape per line, in the order of the calls")
      ->type_name("FILE");
  app->add_option("--modes", options->modes, "Some of eager,recapture,replay (default: all three)")
      ->type_name("M,...");
  add_cache_flags(*app, options->cache, "the number of distinct shapes");
  add_number(*app, "--iterations", options->iterations, 1, kMostRounds,
             "Measured rounds; one is every call in every mode (default: 10)");
  add_number(*app, "--warmup", options->warmup, 0, kMostRounds,
             "Rounds before them that are not measured (default: 1)");
  add_number(*app, "--seed", options->seed, 0, kNoLimit, "Seed of the random inputs (default: 1)");
  app->add_option("--json", options->json,
                  "Write the report to FILE too, or to standard output (-)")
      ->type_name("FILE");
  return {app, [options, command_line = std::move(command_line)] { run(*options, command_line); }};
}

}  // namespace replayrt::cli
