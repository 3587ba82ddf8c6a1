#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "bench_report.hpp"
#include "bench_runner.hpp"
#include "cache_settings.hpp"
#include "command.hpp"
#include "error.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "machine.hpp"
#include "shape_spec.hpp"
#include "text.hpp"
#include "workload.hpp"

namespace replayrt::cli {
namespace {

constexpr std::int64_t kMostRounds = 10'000'000;
constexpr std::int64_t kMostCallsOfRound = 100'000'000;
constexpr std::int64_t kMostCallers = 1024;

constexpr const char* kFooter =
    R"(Modes (run interleaved, call by call, on the same random inputs):
  eager      no cache: the model runs with dynamic shapes
  recapture  nothing is kept: every call captures its shape anew and runs it; throwing the graph away
             is not part of the time
  replay     a cache that has captured every shape before; with a --capacity or --max-bytes that is too
             small for all shapes it evicts and captures again, within the measured calls

Shapes: 1x3x48x320 for a model with one input; name:1x3x48x320;name2:2x5 for several. A trace is a file
with one such shape per line, in the order of the calls; blank lines and `#` comments are left out.

Admission decides which missing shapes replay mode captures (recapture captures always):
  always       every one, at its first call
  sightings:N  one that is called for the N-th time; the calls before are eager (not_yet)
  pays_back    one whose eager calls have cost as much more than replays as a capture costs

Cold: without --cold every shape is called twice in each mode before anything is measured, and the
cache's counters are those of its whole life, these calls included. With --cold nothing is called
before: every measured round begins with a new, empty cache, so its time (total_s, round_s) holds the
captures that it made; the counters are those of the last round, and the answers are compared after it.
A background capture that is still queued when a round ends is not waited for within its time.

Callers: with --callers 2 or more the modes cannot be interleaved call by call. They take turns, a whole
round each, in which every caller takes the next call that nobody has taken. A round's time is then the
time that passed (recapture's purges included), calls/s comes from it, and median, p99 and mean are still
those of single calls. Callers that share a shape share its graphs: see --instances.

Streams: --streams 2 is --callers 2, each with a CUDA stream of its own that its calls are ordered on.

trtexec: --compare trtexec runs NVIDIA's program from PATH, before anything else is measured, on the same
plan and shapes, as many queries of each shape as one mode has calls of it. Its time without a CUDA graph
stands beside eager, the one with a graph beside replay. Its queries feed the device from page-locked
memory and reuse their results' memory, where calls of ReplayRT read the caller's and own their results.

Examples:
  replayrt bench rec.onnx --shapes 1x3x48x320,1x3x48x640
  replayrt bench rec.onnx --trace shapes.txt --modes eager,replay --iterations 50 --json report.json
  replayrt bench rec.onnx --trace shapes.txt --capacity 4 --max-bytes 512M
  replayrt bench rec.onnx --trace shapes.txt --modes eager,replay --cold --admission pays_back --repeat 20 \
    --shuffle 1
  replayrt bench rec.onnx --shapes 1x3x48x320 --modes eager,replay --callers 2 --instances 2
  replayrt bench rec.plan --shapes 1x3x48x320 --streams 2 --compare trtexec
  replayrt bench rec.onnx --shapes 1x3x48x320 --fuse argmax:fetch_name_0:2 --inference-threads 2)";

struct BenchOptions {
  LoadFlags load;
  CacheFlags cache;
  std::string shapes;
  std::string trace;
  std::string modes = "eager,recapture,replay";
  std::string json;
  Admission admission = Admission::always();
  CaptureMode capture = CaptureMode::kInline;
  Verification verify = Verification::first();
  std::int64_t instances = 1;
  std::int64_t callers = 1;
  std::int64_t streams = 0;  ///< 0: callers have none.
  bool compare_trtexec = false;
  std::optional<std::uint64_t> shuffle_seed;
  std::int64_t repeat = 1;
  bool cold = false;
  std::int64_t iterations = 10;
  std::optional<std::int64_t> warmup;
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

BenchPlan make_plan(const BenchOptions& options) {
  if (options.cold && options.warmup.value_or(0) > 0) {
    throw UsageError(fmt::format(
        "--warmup: expected 0 with --cold, which runs nothing before it measures, got '{}'",
        *options.warmup));
  }
  if (options.streams > 0 && options.callers > 1) {
    throw UsageError("--callers: --streams says already how many call at once");
  }
  BenchPlan plan;
  plan.modes = parse_modes(options.modes);
  plan.rounds = options.iterations;
  plan.warmup_rounds = options.cold ? 0 : options.warmup.value_or(1);
  plan.callers = std::max(options.callers, options.streams);
  plan.shuffle_seed = options.shuffle_seed;
  plan.cold = options.cold;
  return plan;
}

GraphCacheOptions cache_options(const BenchOptions& options, std::size_t shapes) {
  GraphCacheOptions cache = options.cache.options(static_cast<std::int64_t>(shapes));
  cache.admission = options.admission;
  cache.capture = options.capture;
  cache.verify = options.verify;
  cache.max_instances_per_key = options.instances;
  return cache;
}

std::vector<std::shared_ptr<void>> make_streams(const Engine& engine, std::int64_t count) {
  std::vector<std::shared_ptr<void>> streams;
  try {
    for (std::int64_t i = 0; i < count; ++i) {
      streams.push_back(make_stream(engine));
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUnsupported) {
      throw UsageError(
          fmt::format("--streams: {}: --callers sets how many call at once", error.what()));
    }
    throw;
  }
  return streams;
}

void require_plan(const Engine& engine) {
  if (engine.backend_name() != "tensorrt") {
    throw UsageError(
        fmt::format("--compare trtexec: expected a TensorRT plan, the model is one for backend {}",
                    engine.backend_name()));
  }
}

void repeat_calls(std::vector<std::size_t>& calls, std::int64_t times) {
  const std::size_t once = calls.size();
  calls.resize(once * static_cast<std::size_t>(times));
  for (std::size_t i = once; i < calls.size(); ++i) {
    calls[i] = calls[i - once];
  }
}

void run(const BenchOptions& options, const std::string& command_line) {
  BenchPlan plan = make_plan(options);
  const std::vector<RequestedCall> calls = requested_calls(options);
  if (options.repeat > kMostCallsOfRound / static_cast<std::int64_t>(calls.size())) {
    throw UsageError(fmt::format("--repeat: expected at most {} calls in a round, got {} times {}",
                                 kMostCallsOfRound, options.repeat, calls.size()));
  }
  const bool json_to_stdout = options.json == "-";
  if (!options.json.empty() && !json_to_stdout) {
    require_writable(options.json);
  }

  const Engine engine = load(options.load);
  const auto seed = static_cast<std::uint64_t>(options.seed);
  Workload workload = make_workload(engine, calls, seed);
  repeat_calls(workload.calls, options.repeat);
  plan.cache = cache_options(options, workload.cases.size());
  plan.streams = make_streams(engine, options.streams);
  std::vector<TrtexecRun> compared;
  if (options.compare_trtexec) {
    require_plan(engine);
    compared = Trtexec::find().measure(options.load.model, engine, workload, plan);
  }
  BenchResult result = run_bench(engine, workload, plan);
  result.trtexec = std::move(compared);

  const std::int64_t threads = options.load.options.inference_threads;
  const bool on_cpu = engine.device().type == DeviceType::kCpu;
  const BenchFacts facts = {.model = options.load.model.string(),
                            .backend = std::string(engine.backend_name()),
                            .backend_text = backend_text(engine.backend_name()),
                            .device = engine.device().to_string(),
                            .precision = precision_text(engine, options.load),
                            .threads = !on_cpu        ? 0
                                       : threads == 0 ? usable_cores()
                                                      : threads,
                            .seed = seed,
                            .repeat = options.repeat,
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

/// A flag whose text goes to `parse`, which takes the flag's name too.
template <class Value, class Parse>
void add_parsed(CLI::App& app, const std::string& flag, Value& value, Parse parse,
                const std::string& help, const std::string& type) {
  app.add_option_function<std::string>(
         flag, [flag, &value, parse](const std::string& text) { value = parse(flag, text); }, help)
      ->type_name(type);
}

void add_replay_flags(CLI::App& app, BenchOptions& options) {
  add_cache_flags(app, options.cache, "the number of distinct shapes");
  add_parsed(app, "--admission", options.admission, parse_admission,
             "Which missing shapes are captured: always, sightings:N or pays_back, explained\n"
             "below (default: always)",
             "A");
  add_parsed(app, "--capture", options.capture, parse_capture_mode,
             "Who captures. inline: the call that misses, which takes as much longer.\n"
             "background: a thread of the cache; calls are eager (capture_pending) meanwhile\n"
             "(default: inline)",
             "C");
  add_parsed(app, "--verify", options.verify, parse_verification,
             "Which new graphs are compared with the eager answer before they are used, within\n"
             "the time of their capture. first: every one, on its first input; off: none; a\n"
             "probability from 0 to 1: that share of them (default: first)",
             "V");
  add_number(app, "--instances", options.instances, 1, kNoLimit,
             "Most graphs of one shape, so that as many callers can replay it at once; further\n"
             "ones are eager (busy) (default: 1)");
}

void add_call_flags(CLI::App& app, BenchOptions& options) {
  add_number(app, "--callers", options.callers, 1, kMostCallers,
             "Threads that issue the calls at once (default: 1)");
  add_number(app, "--streams", options.streams, 1, kMostCallers,
             "As many callers, each with a CUDA stream of its own (default: calls have none)");
  add_parsed(
      app, "--shuffle", options.shuffle_seed,
      [](const std::string& flag, const std::string& text) {
        return static_cast<std::uint64_t>(parse_whole_number(flag, text, 0, kNoLimit));
      },
      "Shuffle the calls of each round with this seed: every round has another order, and all\n"
      "modes have the same (default: the order given)",
      "SEED");
  add_number(app, "--repeat", options.repeat, 1, kMostCallsOfRound,
             "Run the shapes or trace so many times in a round: 100 lines are 2,000 calls with\n"
             "--repeat 20 (default: 1)");
  app.add_flag("--cold", options.cold,
               "Warm nothing: every measured round begins with a new, empty cache");
  add_number(app, "--iterations", options.iterations, 1, kMostRounds,
             "Measured rounds; one is every call in every mode (default: 10)");
  add_parsed(
      app, "--warmup", options.warmup,
      [](const std::string& flag, const std::string& text) {
        return parse_whole_number(flag, text, 0, kMostRounds);
      },
      "Rounds before them that are not measured (default: 1; with --cold: 0)", "N");
  add_number(app, "--seed", options.seed, 0, kNoLimit, "Seed of the random inputs (default: 1)");
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
  add_replay_flags(*app, *options);
  add_call_flags(*app, *options);
  add_parsed(
      *app, "--compare", options->compare_trtexec,
      [](const std::string& flag, const std::string& text) {
        if (text != "trtexec") {
          throw UsageError(fmt::format("{}: expected trtexec, got {}", flag, in_quotes(text)));
        }
        return true;
      },
      "trtexec: measure the same with trtexec from PATH, explained below (default: nothing)", "P");
  app->add_option("--json", options->json,
                  "Write the report to FILE too, or to standard output (-)")
      ->type_name("FILE");
  return {app, [options, command_line = std::move(command_line)] { run(*options, command_line); }};
}

}  // namespace replayrt::cli
