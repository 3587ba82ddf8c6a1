#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <memory>
#include <utility>

#include "bench_flags.hpp"
#include "bench_html.hpp"
#include "bench_report.hpp"
#include "bench_runner.hpp"
#include "command.hpp"
#include "commit.hpp"
#include "error.hpp"
#include "files.hpp"
#include "machine.hpp"
#include "replayrt/saved_keys.hpp"
#include "workload.hpp"

namespace replayrt::cli {
namespace {

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
  plan.keep_keys = !options.save_keys.empty();
  plan.keep_metrics = !options.metrics.empty();
  return plan;
}

GraphCacheOptions cache_options(const BenchOptions& options, std::size_t shapes) {
  GraphCacheOptions cache = options.cache.options(static_cast<std::int64_t>(shapes));
  cache.admission = options.admission;
  cache.eviction = options.eviction;
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

BenchFacts facts_of(const BenchOptions& options, const Engine& engine, std::string command_line) {
  const std::int64_t threads = options.load.options.inference_threads;
  const bool on_cpu = engine.device().type == DeviceType::kCpu;
  return {.model = options.load.model.string(),
          .backend = std::string(engine.backend_name()),
          .backend_text = backend_text(engine.backend_name()),
          .device = engine.device().to_string(),
          .precision = precision_text(engine, options.load),
          .threads = !on_cpu        ? 0
                     : threads == 0 ? usable_cores()
                                    : threads,
          .seed = static_cast<std::uint64_t>(options.seed),
          .repeat = options.repeat,
          .command = std::move(command_line),
          .commit = kCommit,
          .cpu = cpu_model(),
          .cores = usable_cores(),
          .date = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)))};
}

/// Writes the files that were asked for, and the text or what takes its place to standard output.
void write_results(const BenchOptions& options, const BenchFacts& facts, const Workload& workload,
                   const BenchPlan& plan, const BenchResult& result) {
  if (!options.save_keys.empty()) {
    save_keys(result.keys, options.save_keys);
  }
  if (!options.html.empty()) {
    write_file_atomically(options.html, bench_html(facts, workload, plan, result));
  }
  bool text_wanted = true;
  const auto write = [&](const std::string& path, const std::string& content) {
    if (path == "-") {
      write_stdout(content);
      text_wanted = false;
    } else {
      write_file_atomically(path, content);
    }
  };
  if (!options.metrics.empty()) {
    write(options.metrics, result.metrics);
  }
  if (!options.json.empty()) {
    write(options.json, bench_json(facts, workload, plan, result));
  }
  if (text_wanted) {
    write_stdout(bench_text(facts, workload, plan, result));
  }
}

void run(const BenchOptions& options, const std::string& command_line) {
  require_possible(options);
  BenchPlan plan = make_plan(options);
  const std::vector<RequestedCall> calls = requested_calls(options.shapes, options.trace);
  if (options.repeat > kMostCallsOfRound / static_cast<std::int64_t>(calls.size())) {
    throw UsageError(fmt::format("--repeat: expected at most {} calls in a round, got {} times {}",
                                 kMostCallsOfRound, options.repeat, calls.size()));
  }
  if (!options.load_keys.empty()) {
    plan.prewarm = load_keys(options.load_keys);
  }

  const Engine engine = load(options.load);
  const BenchFacts facts = facts_of(options, engine, command_line);
  Workload workload = make_workload(engine, calls, facts.seed);
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
  write_results(options, facts, workload, plan, result);
}

}  // namespace

Command add_bench(CLI::App& program, std::string command_line) {
  CLI::App* app = program.add_subcommand("bench", "Measure eager execution, capture and replay");
  const auto options = std::make_shared<BenchOptions>();
  add_bench_flags(*app, *options);
  return {app, [options, command_line = std::move(command_line)] { run(*options, command_line); }};
}

}  // namespace replayrt::cli
