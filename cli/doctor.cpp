#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "command.hpp"
#include "doctor_advice.hpp"
#include "doctor_measure.hpp"
#include "doctor_text.hpp"
#include "error.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "machine.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::int64_t kMostSeconds = 86'400;
constexpr std::int64_t kMostShapes = 10'000;
constexpr std::int64_t kMostBuckets = 64;
constexpr std::int64_t kMostCalls = 10'000'000;

constexpr const char* kDoctorFooter =
    R"(Measures eager runs and replays side by side on random inputs of the most frequent shapes, each
shape with a cache of its own, so that one graph is held at a time; then says whether capturing helps,
what it costs, what cannot be captured and why, and what to choose.

Shapes: as in `replayrt bench`. Without --trace or --shapes the doctor chooses some that the model takes
and says so. Of a trace it computes, from what it measured, what serving it costs from an empty cache:
with a model of the cache, every call at the median of its shape. Shapes that were not measured are
estimated from the others by their number of elements. If a day has the trace many times over, say so
with --repeat: captures pay by repetition.

A package folder is measured by the network in it, without pre-processing.

Examples:
  replayrt doctor rec.onnx
  replayrt doctor rec.onnx --trace shapes.txt --repeat 20 --max-bytes 512M
  replayrt doctor rec.onnx --shapes 1x3x48x320,1x3x48x640 --seconds 20
  replayrt doctor package/ --trace shapes.txt --json advice.json)";

struct DoctorOptions {
  LoadFlags load;
  std::string shapes;
  std::string trace;
  std::string json;
  std::int64_t repeat = 1;
  std::int64_t seconds = 10;
  std::int64_t most_shapes = 8;
  std::int64_t max_bytes = GraphCacheOptions::kUnbounded;
  std::int64_t buckets = 8;
  std::int64_t seed = 1;
};

/// What MODEL stands for: the file itself, or what `find_weights` says of a folder.
LoadFlags resolve(const LoadFlags& flags, const FindWeights& find_weights) {
  LoadFlags resolved = flags;
  std::error_code ignored;
  if (std::filesystem::is_directory(flags.model, ignored)) {
    resolved.model = find_weights(flags);
  }
  return resolved;
}

CheckedCalls calls_of(const Engine& engine, const DoctorOptions& options,
                      const std::vector<RequestedCall>& requested) {
  CheckedCalls calls = check_calls(engine, requested, InputsHeld::kOne);
  repeat_calls(calls.calls, options.repeat);  // More than 1 only with a trace: see `check`.
  return calls;
}

DoctorFacts facts_of(const DoctorOptions& options, const LoadFlags& load, const Engine& engine,
                     std::string command) {
  const std::int64_t threads = load.options.inference_threads;
  const bool on_cpu = engine.device().type == DeviceType::kCpu;
  DoctorFacts facts;
  facts.model = options.load.model.string();
  facts.weights = load.model.string();
  facts.backend = std::string(engine.backend_name());
  facts.backend_text = backend_text(engine.backend_name());
  facts.device = engine.device().to_string();
  facts.precision = precision_text(engine, load);
  facts.threads = on_cpu ? (threads == 0 ? usable_cores() : threads) : 0;
  facts.seed = static_cast<std::uint64_t>(options.seed);
  facts.source = options.trace.empty() ? (options.shapes.empty() ? "" : "--shapes") : options.trace;
  facts.repeat = options.repeat;
  facts.seconds = static_cast<double>(options.seconds);
  facts.command = std::move(command);
  return facts;
}

void check(const DoctorOptions& options, std::size_t calls) {
  if (options.repeat > 1 && options.trace.empty()) {
    throw UsageError("--repeat: repeats a trace, expected --trace");
  }
  if (options.repeat > kMostCalls / static_cast<std::int64_t>(std::max<std::size_t>(calls, 1))) {
    throw UsageError(fmt::format("--repeat: expected at most {} calls, got {} times {}", kMostCalls,
                                 options.repeat, calls));
  }
}

void run(const DoctorOptions& options, const FindWeights& find_weights,
         const std::string& command_line) {
  const bool may_choose = options.shapes.empty() && options.trace.empty();
  std::vector<RequestedCall> requested;
  if (!may_choose) {
    requested = requested_calls(options.shapes, options.trace);
  }
  check(options, requested.size());
  const bool json_to_stdout = options.json == "-";
  if (!options.json.empty() && !json_to_stdout) {
    require_writable(options.json);
  }
  const LoadFlags load_flags = resolve(options.load, find_weights);
  const Engine engine = load(load_flags);
  if (may_choose) {
    requested = choose_shapes(engine);
  }
  DoctorFacts facts = facts_of(options, load_flags, engine, command_line);
  const auto begin = std::chrono::steady_clock::now();
  DoctorFigures figures = measure(engine, calls_of(engine, options, requested),
                                  {.seconds = facts.seconds,
                                   .most_shapes = static_cast<std::size_t>(options.most_shapes),
                                   .max_bytes = options.max_bytes,
                                   .seed = facts.seed,
                                   .may_skip = may_choose});
  facts.took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  figures.has_trace = !options.trace.empty();
  figures.max_buckets = static_cast<std::size_t>(options.buckets);
  const Advice advice = advise(figures);
  if (!options.json.empty() && !json_to_stdout) {
    write_file_atomically(options.json, doctor_json(facts, figures, advice));
  }
  write_stdout(json_to_stdout ? doctor_json(facts, figures, advice)
                              : doctor_text(facts, figures, advice));
}

}  // namespace

Command add_doctor(CLI::App& program, FindWeights find_weights, std::string command_line) {
  CLI::App* app = program.add_subcommand(
      "doctor", "Say whether capturing helps a model here, why, and what to choose");
  app->footer(kDoctorFooter);
  const auto options = std::make_shared<DoctorOptions>();
  add_load_flags(*app, options->load, std::string(kModelHelp) + ", or the folder of a package");
  app->add_option("--trace", options->trace,
                  "File with one shape per line, in the order of the calls (default: none)")
      ->type_name("FILE");
  app->add_option("--shapes", options->shapes,
                  "Shapes to measure, commas between them (default: the doctor chooses)")
      ->type_name("S,...");
  add_number(*app, "--repeat", options->repeat, 1, kMostCalls,
             "The calls are those of the trace so many times (default: 1)");
  add_number(*app, "--seconds", options->seconds, 1, kMostSeconds,
             "Time for measuring; a shape that was begun is measured to its end (default: 10)");
  add_number(*app, "--most-shapes", options->most_shapes, 1, kMostShapes,
             "Most shapes to measure, the most frequent ones (default: 8)");
  app->add_option_function<std::string>(
         "--max-bytes",
         [&bytes = options->max_bytes](const std::string& text) {
           bytes = parse_byte_size("--max-bytes", text);
         },
         "Most memory that graphs may hold, such as 512M or 2G (default: no limit)")
      ->type_name("B");
  add_number(*app, "--max-buckets", options->buckets, 1, kMostBuckets,
             "Most buckets to propose for a dimension; never more than half of its extents\n"
             "(default: 8)");
  add_number(*app, "--seed", options->seed, 0, kNoLimit, "Seed of the random inputs (default: 1)");
  app->add_option("--json", options->json,
                  "Write everything as JSON to FILE too, or to standard output (-)")
      ->type_name("FILE");
  return {app,
          [options, find_weights = std::move(find_weights),
           command_line = std::move(command_line)] { run(*options, find_weights, command_line); }};
}

}  // namespace replayrt::cli
