#include "trtexec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "bench_runner.hpp"
#include "process.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

/// The line of the summary that begins with `label`, without what a logger puts before it.
std::optional<std::string_view> summary_line(std::string_view output, std::string_view label) {
  constexpr std::string_view kInfo = "[I] ";
  std::optional<std::string_view> found;
  for (std::string_view line : split(output, '\n')) {
    if (const std::size_t at = line.find(kInfo); at != std::string_view::npos) {
      line.remove_prefix(at + kInfo.size());
    }
    line = trim(line);
    // With --verbose each label is explained, too, in a line of the same beginning.
    if (line.starts_with(label) && line.substr(label.size()).starts_with(": min = ")) {
      found = line;
    }
  }
  return found;
}

/// The median of a line, "… median = 0.0314 ms, …", in seconds.
std::optional<double> median_of(std::string_view output, std::string_view label) {
  constexpr std::string_view kMedian = "median = ";
  const std::optional<std::string_view> line = summary_line(output, label);
  if (!line) {
    return std::nullopt;
  }
  const std::size_t at = line->find(kMedian);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = line->substr(at + kMedian.size());
  double milliseconds = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), milliseconds);
  const std::string_view unit(end, rest.data() + rest.size());
  if (error != std::errc() || !std::isfinite(milliseconds) || !unit.starts_with(" ms")) {
    return std::nullopt;
  }
  return milliseconds / 1e3;
}

/// What trtexec said of a failure: its lines marked as errors, else its last one.
std::string errors_of(std::string_view output) {
  constexpr std::size_t kMost = 3;
  std::vector<std::string> errors;
  std::string last;
  for (const std::string_view line : split(output, '\n')) {
    if (trim(line).empty()) {
      continue;
    }
    last = one_line(line);
    if (line.find("[E] ") != std::string_view::npos && errors.size() < kMost) {
      errors.push_back(last);
    }
  }
  return errors.empty() ? last : join(errors, "; ");
}

/// "x:1x3x32x32,y:2x4": the inputs that leave a choice; trtexec refuses the others.
std::string shapes_argument(const Engine& engine, const Case& with) {
  std::vector<std::string> shapes;
  for (std::size_t i = 0; i < with.inputs.size(); ++i) {
    const TensorSpec& spec = engine.inputs()[i];
    if (spec.is_dynamic()) {
      shapes.push_back(spec.name + ":" + with.inputs[i].shape().to_string());
    }
  }
  return shapes.empty() ? "" : "--shapes=" + join(shapes, ",");
}

}  // namespace

TrtexecTimes parse_trtexec(std::string_view output) {
  const std::optional<double> gpu = median_of(output, "GPU Compute Time");
  if (!gpu) {
    throw Error(ErrorCode::kModelRuntime,
                "trtexec printed no summary that ReplayRT can read: expected a line 'GPU Compute "
                "Time: min = ... median = ... ms', the last line is '" +
                    errors_of(output) + "'");
  }
  return {.gpu_median = *gpu,
          .latency_median = median_of(output, "Latency"),
          .enqueue_median = median_of(output, "Enqueue Time")};
}

Trtexec Trtexec::find() {
  const auto path = find_program("trtexec");
  if (!path) {
    throw Error(ErrorCode::kMissingDependency,
                "there is no trtexec in PATH: it comes with TensorRT, in the folder bin");
  }
  // TensorRT 11 changed what happens unless one asks; its help tells.
  const bool graphs_are_default =
      run_process({path->string(), "--help"}).output.find("--noCudaGraph") != std::string::npos;
  return {*path, graphs_are_default};
}

std::vector<std::string> Trtexec::command(const std::filesystem::path& plan, const Engine& engine,
                                          const Case& with, std::int64_t queries, Mode mode,
                                          std::size_t streams) const {
  // As many queries and no more, each with both copies and one after the other, as here; the host
  // polls, as that is the default of 11.
  std::vector<std::string> command = {path_.string(),
                                      "--loadEngine=" + plan.string(),
                                      fmt::format("--device={}", engine.device().index),
                                      fmt::format("--iterations={}", queries),
                                      "--duration=0",
                                      "--exposeDMA"};
  if (std::string shapes = shapes_argument(engine, with); !shapes.empty()) {
    command.push_back(std::move(shapes));
  }
  if (streams > 1) {
    command.push_back(fmt::format("--streams={}", streams));
  }
  command.emplace_back(graphs_are_default_ ? "--includeDataTransfers" : "--useSpinWait");
  if (graphs_are_default_ != (mode == Mode::kReplay)) {
    command.emplace_back(graphs_are_default_ ? "--noCudaGraph" : "--useCudaGraph");
  }
  return command;
}

std::vector<TrtexecRun> Trtexec::measure(const std::filesystem::path& plan, const Engine& engine,
                                         const Workload& workload, const BenchPlan& bench) const {
  std::vector<TrtexecRun> runs;
  ProgressBar progress("trtexec",
                       static_cast<std::int64_t>(workload.cases.size() * bench.modes.size()));
  for (std::size_t index = 0; index < workload.cases.size(); ++index) {
    const Case& with = workload.cases[index];
    const std::int64_t queries = std::ranges::count(workload.calls, index) * bench.rounds;
    for (const Mode mode : bench.modes) {
      if (mode != Mode::kRecapture) {
        const auto called = command(plan, engine, with, queries, mode, bench.streams.size());
        const ProcessEnd end = run_process(called);
        if (end.exit_code != 0) {
          throw Error(
              ErrorCode::kModelRuntime,
              fmt::format("trtexec failed (exit code {}) on shape {}: {} [{}]", end.exit_code,
                          with.name, errors_of(end.output), join(called, " ")));
        }
        runs.push_back({mode, index, parse_trtexec(end.output)});
      }
      progress.advance();
    }
  }
  return runs;
}

}  // namespace replayrt::cli
