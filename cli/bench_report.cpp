#include "bench_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "cache_settings.hpp"
#include "machine.hpp"
#include "replayrt/core/version.hpp"
#include "statistics.hpp"
#include "table.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

using Json = nlohmann::ordered_json;

// More are in the JSON; a table is to be read.
constexpr std::size_t kMostShapeRows = 12;
constexpr double kMicro = 1e6;

const ModeResult* find_mode(const BenchResult& result, Mode mode) {
  const auto found = std::ranges::find(result.modes, mode, &ModeResult::mode);
  return found == result.modes.end() ? nullptr : &*found;
}

/// The cache that the report shows: replay's, else recapture's.
const ModeResult* mode_with_cache(const BenchResult& result) {
  const ModeResult* replay = find_mode(result, Mode::kReplay);
  return replay != nullptr ? replay : find_mode(result, Mode::kRecapture);
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// Of all rounds: with several callers less than the sum of the calls, which overlap.
double total_time(const ModeResult& mode) {
  return summarize(mode.round_times).total;
}

std::optional<double> total_ratio(const BenchResult& result, const ModeResult& mode) {
  const ModeResult* eager = find_mode(result, Mode::kEager);
  const double eager_total = eager == nullptr ? 0.0 : total_time(*eager);
  return eager_total > 0 ? std::optional(total_time(mode) / eager_total) : std::nullopt;
}

/// Median time of the calls of each case, in seconds.
std::vector<double> case_medians(const Workload& workload, const ModeResult& mode) {
  std::vector<std::vector<double>> times(workload.cases.size());
  for (std::size_t i = 0; i < mode.call_times.size(); ++i) {
    times[workload.calls[i % workload.calls.size()]].push_back(mode.call_times[i]);
  }
  std::vector<double> medians;
  medians.reserve(times.size());
  for (std::vector<double>& of_case : times) {
    medians.push_back(median(std::move(of_case)));
  }
  return medians;
}

std::string ratio_text(std::optional<double> ratio) {
  return ratio ? fmt::format("{:.3f}", *ratio) : "-";
}

std::string admission_text(const BenchPlan& plan) {
  return plan.cache.admission ? plan.cache.admission->to_string() : "the backend's";
}

/// A line with the settings that are not the defaults; empty if all are.
std::string settings_text(const BenchFacts& facts, const BenchPlan& plan) {
  const GraphCacheOptions& cache = plan.cache;
  std::vector<std::string> settings;
  if (cache.admission != Admission::always()) {
    settings.push_back("admission " + admission_text(plan));
  }
  if (cache.capture != CaptureMode::kInline) {
    settings.push_back("capture " + to_string(cache.capture));
  }
  if (cache.verify.probability < 1) {
    settings.push_back("verify " + to_string(cache.verify));
  }
  if (cache.max_instances_per_key > 1) {
    settings.push_back(fmt::format("{} instances of a shape", cache.max_instances_per_key));
  }
  if (!plan.streams.empty()) {
    settings.push_back(fmt::format("{} caller{}, each with a stream of its own", plan.callers,
                                   plan.callers == 1 ? "" : "s"));
  } else if (plan.callers > 1) {
    settings.push_back(fmt::format("{} callers", plan.callers));
  }
  if (plan.shuffle_seed) {
    settings.push_back(fmt::format("shuffled with seed {}", *plan.shuffle_seed));
  }
  if (facts.repeat > 1) {
    settings.push_back(fmt::format("trace repeated {} times", facts.repeat));
  }
  if (plan.cold) {
    settings.emplace_back("cold: every round begins with an empty cache");
  }
  return settings.empty() ? "" : fmt::format("settings   {}\n", join(settings, ", "));
}

std::string threads_text(std::int64_t threads) {
  return threads == 0 ? "" : fmt::format(", {} thread{}", threads, threads == 1 ? "" : "s");
}

std::string head_text(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan) {
  return fmt::format(
      "model      {}\nbackend    {} on {}, precision {}{}\n"
      "calls      {} per mode: {} rounds of {} calls, modes {}, {} distinct shapes, seed {}\n{}\n",
      facts.model, facts.backend_text, facts.device, facts.precision, threads_text(facts.threads),
      plan.rounds * static_cast<std::int64_t>(workload.calls.size()), plan.rounds,
      workload.calls.size(), plan.callers > 1 ? "round by round" : "interleaved",
      workload.cases.size(), facts.seed, settings_text(facts, plan));
}

std::string modes_text(const BenchResult& result) {
  Table table({"mode", "calls", "median", "p99", "mean", "calls/s", "to eager"});
  for (const ModeResult& mode : result.modes) {
    const Summary summary = summarize(mode.call_times);
    table.add({std::string(to_string(mode.mode)), fmt::format("{}", summary.count),
               duration_text(summary.median), duration_text(summary.p99),
               duration_text(summary.mean),
               fmt::format("{:.1f}", static_cast<double>(summary.count) / total_time(mode)),
               ratio_text(ratio_to_eager(result, mode))});
  }
  return table.text() +
         "to eager: time of a whole round divided by eager's time in the same round, median of the "
         "rounds\n";
}

std::string shapes_text(const Workload& workload, const BenchResult& result) {
  std::vector<std::string> header = {"shape (median)"};
  std::vector<std::vector<double>> medians;
  for (const ModeResult& mode : result.modes) {
    header.emplace_back(to_string(mode.mode));
    medians.push_back(case_medians(workload, mode));
  }
  const std::size_t shown = std::min(workload.cases.size(), kMostShapeRows);
  Table table(std::move(header));
  for (std::size_t i = 0; i < shown; ++i) {
    std::vector<std::string> row = {workload.cases[i].name};
    for (const std::vector<double>& of_mode : medians) {
      row.push_back(duration_text(of_mode[i]));
    }
    table.add(std::move(row));
  }
  const std::size_t left = workload.cases.size() - shown;
  return "\n" + table.text() +
         (left > 0 ? fmt::format("... and {} more (--json has all)\n", left) : "");
}

std::string time_text(std::optional<double> seconds) {
  return seconds ? duration_text(*seconds) : "-";
}

std::string trtexec_text(const Workload& workload, const BenchResult& result) {
  Table table({"shape (median)", "mode", "replayrt call", "trtexec latency", "enqueue", "GPU"});
  for (const TrtexecRun& run : result.trtexec) {
    table.add({workload.cases[run.index].name, std::string(to_string(run.mode)),
               duration_text(case_medians(workload, *find_mode(result, run.mode))[run.index]),
               time_text(run.times.latency_median), time_text(run.times.enqueue_median),
               duration_text(run.times.gpu_median)});
  }
  return "\n" + table.text() +
         "trtexec's latency: both copies and the GPU's time; enqueue: the host's share\n";
}

std::string cache_text(const ModeResult& mode, const BenchPlan& plan) {
  const GraphCacheStats& stats = *mode.cache;
  std::string text = fmt::format(
      "\n{} cache: {} captures (median {:.1f} ms), {} hits, {} misses, {} evictions; holds {} "
      "graphs, {} "
      "(capacity {}, max bytes {})\n",
      to_string(mode.mode), stats.captures, milliseconds(stats.capture_time_median), stats.hits,
      stats.misses, stats.evictions, stats.size, byte_size_text(stats.bytes), stats.capacity,
      plan.cache.max_bytes == GraphCacheOptions::kUnbounded ? "unlimited"
                                                            : byte_size_text(plan.cache.max_bytes));
  if (stats.shared_bytes > 0) {
    text += fmt::format("shared by all runs of the engine: {} of activation memory\n",
                        byte_size_text(stats.shared_bytes));
  }
  text += fmt::format("measured {} calls: {} replayed, {} captured, {} eager", to_string(mode.mode),
                      mode.replayed, mode.captured, mode.eager);
  for (const auto& [reason, count] : mode.reasons) {
    text += fmt::format(" ({} {})", count, reason);
  }
  return text + "\n";
}

Json number_or_null(std::optional<double> value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

/// How calls were served as time went on: one element per point of the timeline in each list.
Json timeline_json(const Timeline& timeline) {
  Json json = {{"seconds", Json::array()},
               {"calls", Json::array()},
               {"captured", Json::array()},
               {"replayed", Json::array()}};
  for (const ServedSoFar& point : timeline.points()) {
    json["seconds"].push_back(point.seconds);
    json["calls"].push_back(point.calls);
    json["captured"].push_back(point.captured);
    json["replayed"].push_back(point.replayed);
  }
  return json;
}

Json mode_json(const BenchResult& result, const ModeResult& mode) {
  const Summary summary = summarize(mode.call_times);
  return {
      {"calls", summary.count},
      {"median_us", summary.median * kMicro},
      {"p99_us", summary.p99 * kMicro},
      {"mean_us", summary.mean * kMicro},
      {"total_s", total_time(mode)},
      {"throughput_per_s", static_cast<double>(summary.count) / total_time(mode)},
      {"ratio_to_eager", number_or_null(ratio_to_eager(result, mode))},
      {"ratio_to_eager_total", number_or_null(total_ratio(result, mode))},
      {"round_s", mode.round_times},
      {"routes", {{"eager", mode.eager}, {"captured", mode.captured}, {"replayed", mode.replayed}}},
      {"eager_reasons", mode.reasons},
      {"over_time", timeline_json(mode.timeline)}};
}

Json cache_json(const BenchFacts& facts, const ModeResult& mode) {
  const GraphCacheStats& stats = *mode.cache;
  Json models = Json::array();
  for (const EngineStats& engine : mode.engines) {  // One: a bench has one model.
    models.push_back(
        {{"model", facts.model}, {"bytes", engine.bytes}, {"shared_bytes", engine.shared_bytes}});
  }
  return {{"mode", to_string(mode.mode)},
          {"hits", stats.hits},
          {"misses", stats.misses},
          {"captures", stats.captures},
          {"capture_failures", stats.capture_failures},
          {"mismatches", stats.mismatches},
          {"evictions", stats.evictions},
          {"futile_evictions", stats.futile_evictions},
          {"thrash_warnings", stats.thrash_warnings},
          {"size", stats.size},
          {"capacity", stats.capacity},
          {"bytes", stats.bytes},
          {"peak_bytes", stats.peak_bytes},
          {"shared_bytes", stats.shared_bytes},
          {"max_bytes", stats.max_bytes == GraphCacheOptions::kUnbounded ? Json(nullptr)
                                                                         : Json(stats.max_bytes)},
          {"capture_ms_median", milliseconds(stats.capture_time_median)},
          {"capture_ms_total", milliseconds(stats.capture_time_total)},
          {"time_saved_ms", milliseconds(stats.time_saved)},
          {"models", std::move(models)}};
}

/// Of each case: its calls by the route that served them, without routes that served none.
std::vector<Json> case_routes_json(const Workload& workload, const ModeResult& mode) {
  std::vector<std::map<Route, std::vector<double>>> times(workload.cases.size());
  for (std::size_t i = 0; i < mode.call_routes.size(); ++i) {
    const std::size_t index = workload.calls[i % workload.calls.size()];
    times[index][mode.call_routes[i]].push_back(mode.call_times[i]);
  }
  std::vector<Json> routes(workload.cases.size(), Json::object());
  for (std::size_t i = 0; i < times.size(); ++i) {
    for (const auto& [route, of_route] : times[i]) {
      const Summary summary = summarize(of_route);
      routes[i][std::string(to_string(route))] = {{"calls", summary.count},
                                                  {"median_us", summary.median * kMicro},
                                                  {"p99_us", summary.p99 * kMicro}};
    }
  }
  return routes;
}

Json per_shape_json(const Workload& workload, const BenchResult& result) {
  Json shapes = Json::array();
  for (const Case& with : workload.cases) {
    shapes.push_back({{"shape", with.name},
                      {"calls_per_round", 0},
                      {"median_us", Json::object()},
                      {"routes", Json::object()}});
  }
  for (const std::size_t index : workload.calls) {
    shapes[index]["calls_per_round"] = shapes[index]["calls_per_round"].get<std::int64_t>() + 1;
  }
  for (const ModeResult& mode : result.modes) {
    const std::string name(to_string(mode.mode));
    const std::vector<double> medians = case_medians(workload, mode);
    std::vector<Json> routes = case_routes_json(workload, mode);
    for (std::size_t i = 0; i < medians.size(); ++i) {
      shapes[i]["median_us"][name] = medians[i] * kMicro;
      shapes[i]["routes"][name] = std::move(routes[i]);
    }
  }
  return shapes;
}

Json microseconds_or_null(std::optional<double> seconds) {
  return seconds ? Json(*seconds * kMicro) : Json(nullptr);
}

/// Null if trtexec was not asked.
Json trtexec_json(const Workload& workload, const BenchResult& result) {
  Json runs = nullptr;
  for (const TrtexecRun& run : result.trtexec) {
    runs.push_back({{"shape", workload.cases[run.index].name},
                    {"mode", to_string(run.mode)},
                    {"gpu_us_median", run.times.gpu_median * kMicro},
                    {"latency_us_median", microseconds_or_null(run.times.latency_median)},
                    {"enqueue_us_median", microseconds_or_null(run.times.enqueue_median)}});
  }
  return runs;
}

}  // namespace

std::optional<double> ratio_to_eager(const BenchResult& result, const ModeResult& mode) {
  const ModeResult* eager = find_mode(result, Mode::kEager);
  if (eager == nullptr) {
    return std::nullopt;
  }
  std::vector<double> ratios;
  for (std::size_t i = 0; i < mode.round_times.size(); ++i) {
    ratios.push_back(mode.round_times[i] / eager->round_times[i]);
  }
  return median(std::move(ratios));
}

std::string bench_text(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan,
                       const BenchResult& result) {
  std::string text =
      head_text(facts, workload, plan) + modes_text(result) + shapes_text(workload, result);
  if (!result.trtexec.empty()) {
    text += trtexec_text(workload, result);
  }
  if (const ModeResult* mode = mode_with_cache(result)) {
    text += cache_text(*mode, plan);
  }
  if (result.max_abs_difference) {
    text +=
        fmt::format("largest difference to the eager answer: {:.3g}\n", *result.max_abs_difference);
  }
  return text;
}

std::string bench_json(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan,
                       const BenchResult& result) {
  Json shapes = Json::array();
  for (const Case& with : workload.cases) {
    shapes.push_back(with.name);
  }
  Json modes = Json::object();
  for (const ModeResult& mode : result.modes) {
    modes[std::string(to_string(mode.mode))] = mode_json(result, mode);
  }
  const ModeResult* with_cache = mode_with_cache(result);
  Json cache = with_cache == nullptr ? Json(nullptr) : cache_json(facts, *with_cache);
  const Json json = {{"version", kVersion},
                     {"command", facts.command},
                     {"machine", {{"cpu", cpu_model()}, {"cores", usable_cores()}}},
                     {"model", facts.model},
                     {"backend", facts.backend},
                     {"device", facts.device},
                     {"precision", facts.precision},
                     {"threads", facts.threads},
                     {"seed", facts.seed},
                     {"admission", admission_text(plan)},
                     {"capture", to_string(plan.cache.capture)},
                     {"verify", to_string(plan.cache.verify)},
                     {"instances", plan.cache.max_instances_per_key},
                     {"callers", plan.callers},
                     {"streams", plan.streams.size()},
                     {"shuffle_seed", plan.shuffle_seed ? Json(*plan.shuffle_seed) : Json(nullptr)},
                     {"repeat", facts.repeat},
                     {"cold", plan.cold},
                     {"rounds", plan.rounds},
                     {"warmup_rounds", plan.warmup_rounds},
                     {"calls_per_round", workload.calls.size()},
                     {"shapes", std::move(shapes)},
                     {"modes", std::move(modes)},
                     {"cache", std::move(cache)},
                     {"max_abs_difference_to_eager", number_or_null(result.max_abs_difference)},
                     {"trtexec", trtexec_json(workload, result)},
                     {"per_shape", per_shape_json(workload, result)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace replayrt::cli
