#include "bench_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bench_figures.hpp"
#include "bench_tables.hpp"
#include "cache_settings.hpp"
#include "replayrt/core/version.hpp"
#include "statistics.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

using Json = nlohmann::ordered_json;

// More are in the JSON; a table is to be read.
constexpr std::size_t kMostShapeRows = 12;
constexpr double kMicro = 1e6;

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string head_text(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan) {
  const std::vector<std::string> settings = settings_of(facts, plan);
  return fmt::format("model      {}\nbackend    {} on {}, precision {}{}\ncalls      {}\n{}\n",
                     facts.model, facts.backend_text, facts.device, facts.precision,
                     threads_text(facts.threads), calls_text(facts, workload, plan),
                     settings.empty() ? "" : fmt::format("settings   {}\n", join(settings, ", ")));
}

std::string shapes_text(const Workload& workload, const BenchResult& result) {
  const std::size_t shown = std::min(workload.cases.size(), kMostShapeRows);
  const std::size_t left = workload.cases.size() - shown;
  return "\n" + shapes_table(workload, result, shown).text() +
         (left > 0 ? fmt::format("... and {} more (--json has all)\n", left) : "");
}

Json number_or_null(std::optional<double> value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

/// How calls were served as time went on: one element per point of the timeline in each list.
Json timeline_json(const Timeline& timeline) {
  Json json = {{"seconds", Json::array()},
               {"calls", Json::array()},
               {"captured", Json::array()},
               {"replayed", Json::array()},
               {"captured_s", Json::array()}};
  for (const ServedSoFar& point : timeline.points()) {
    json["seconds"].push_back(point.seconds);
    json["calls"].push_back(point.calls);
    json["captured"].push_back(point.captured);
    json["replayed"].push_back(point.replayed);
    json["captured_s"].push_back(point.captured_seconds);
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

/// Null if no file of keys was given.
Json prewarm_json(const std::optional<PrewarmReport>& report) {
  return !report ? Json(nullptr)
                 : Json{{"accepted", report->accepted},
                        {"held", report->held},
                        {"refused", report->refused},
                        {"no_room", report->no_room},
                        {"unknown", report->unknown}};
}

Json cache_json(const BenchFacts& facts, const BenchPlan& plan, const ModeResult& mode) {
  const GraphCacheStats& stats = *mode.cache;
  Json models = Json::array();
  for (const EngineStats& engine : mode.engines) {  // One: a bench has one model.
    models.push_back(
        {{"model", facts.model}, {"bytes", engine.bytes}, {"shared_bytes", engine.shared_bytes}});
  }
  return {{"mode", to_string(mode.mode)},
          {"eviction", to_string(plan.cache.eviction)},
          {"hits", stats.hits},
          {"misses", stats.misses},
          {"captures", stats.captures},
          {"capture_failures", stats.capture_failures},
          {"mismatches", stats.mismatches},
          {"evictions", stats.evictions},
          {"futile_evictions", stats.futile_evictions},
          {"thrash_warnings", stats.thrash_warnings},
          {"prewarmed", stats.prewarmed},
          {"loaded_keys", prewarm_json(mode.prewarm)},
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
    const auto routes = case_routes(workload, mode);
    for (std::size_t i = 0; i < medians.size(); ++i) {
      shapes[i]["median_us"][name] = medians[i] * kMicro;
      Json& of_case = shapes[i]["routes"][name] = Json::object();
      for (const auto& [route, summary] : routes[i]) {
        of_case[std::string(to_string(route))] = {{"calls", summary.count},
                                                  {"median_us", summary.median * kMicro},
                                                  {"p99_us", summary.p99 * kMicro}};
      }
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

std::string bench_text(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan,
                       const BenchResult& result) {
  std::string text =
      fmt::format("{}{}{}\n{}", head_text(facts, workload, plan), modes_table(result).text(),
                  kModesNote, shapes_text(workload, result));
  if (!result.trtexec.empty()) {
    text += fmt::format("\n{}{}\n", trtexec_table(workload, result).text(), kTrtexecNote);
  }
  if (const ModeResult* mode = mode_with_cache(result)) {
    text += fmt::format("\n{}\n", join(cache_lines(*mode, plan), "\n"));
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
  Json cache = with_cache == nullptr ? Json(nullptr) : cache_json(facts, plan, *with_cache);
  const Json json = {{"version", kVersion},
                     {"commit", facts.commit.empty() ? Json(nullptr) : Json(facts.commit)},
                     {"command", facts.command},
                     {"machine", {{"cpu", facts.cpu}, {"cores", facts.cores}}},
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
