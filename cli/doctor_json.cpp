#include <nlohmann/json.hpp>

#include "doctor_text.hpp"
#include "machine.hpp"
#include "replayrt/core/version.hpp"
#include "statistics.hpp"

namespace replayrt::cli {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json bytes_or_null(std::int64_t bytes) {
  return bytes == GraphCacheOptions::kUnbounded ? Json(nullptr) : Json(bytes);
}

Json times_json(const std::vector<double>& times) {
  const Summary summary = summarize(times);
  return summary.count == 0
             ? Json(nullptr)
             : Json{{"calls", summary.count}, {"median_s", summary.median}, {"p99_s", summary.p99}};
}

Json refusal_json(const Refusal& refusal) {
  return {{"reason", to_string(refusal.reason)}, {"message", refusal.message}};
}

Json shape_json(const ShapeFigures& figures, const ShapeAdvice& advice) {
  const bool has_graph = advice.cost.capturable;
  return {{"shape", figures.name},
          {"calls", advice.calls},
          {"estimated", advice.estimated},
          {"eager", times_json(figures.eager)},
          {"replay", times_json(figures.replay)},
          {"eager_s", advice.cost.eager},
          {"replay_s", has_graph ? Json(advice.cost.replay) : Json(nullptr)},
          {"capture_s", has_graph ? Json(advice.cost.capture) : Json(nullptr)},
          {"bytes", has_graph ? Json(advice.cost.bytes) : Json(nullptr)},
          {"break_even_replays", or_null(advice.break_even)},
          {"pays", advice.pays},
          {"refusal", figures.refusal ? refusal_json(*figures.refusal) : Json(nullptr)}};
}

Json cost_json(const TraceCost& cost) {
  return {{"seconds", cost.seconds},
          {"eager", cost.eager},
          {"captures", cost.captures},
          {"replays", cost.replays},
          {"evictions", cost.evictions}};
}

Json trace_json(const DoctorFigures& figures, const TraceAdvice& trace) {
  return {{"calls", figures.calls.size()},     {"eager", cost_json(trace.eager)},
          {"always", cost_json(trace.always)}, {"pays_back", cost_json(trace.pays_back)},
          {"lru", cost_json(trace.lru)},       {"cost_aware", cost_json(trace.cost_aware)}};
}

Json cache_json(const CacheAdvice& cache) {
  return {{"use", cache.use},
          {"admission", cache.admission.to_string()},
          {"eviction", to_string(cache.eviction)},
          {"capacity", cache.capacity},
          {"max_bytes", cache.max_bytes},
          {"left_out", cache.left_out},
          {"bytes_wanted", cache.bytes_wanted}};
}

Json bucket_json(const BucketAdvice& advice) {
  return {{"input", advice.dimension.input_name},
          {"axis", advice.dimension.axis},
          {"buckets", advice.proposal.buckets.to_string()},
          {"extents", advice.extents},
          {"shapes", advice.shapes},
          {"waste", advice.proposal.waste()},
          {"bytes", advice.proposal.bytes},
          {"trace", cost_json(advice.cost)},
          {"worth_it", advice.worth_it}};
}

Json ratio_json(const std::optional<RatioFigures>& ratio) {
  return ratio ? Json{{"median", ratio->median}, {"from", ratio->from}, {"to", ratio->to},
                      {"low", ratio->low},       {"high", ratio->high}, {"rounds", ratio->rounds}}
               : Json(nullptr);
}

}  // namespace

std::string doctor_json(const DoctorFacts& facts, const DoctorFigures& figures,
                        const Advice& advice) {
  Json shapes = Json::array();
  for (std::size_t i = 0; i < figures.shapes.size(); ++i) {
    shapes.push_back(shape_json(figures.shapes[i], advice.shapes[i]));
  }
  Json refusals = Json::array();
  for (const RefusalAdvice& refusal : advice.refusals) {
    Json json = refusal_json({refusal.reason, refusal.message});
    json["meaning"] = meaning(refusal.reason);
    json["shapes"] = refusal.shapes;
    json["calls"] = refusal.calls;
    refusals.push_back(std::move(json));
  }
  Json buckets = Json::array();
  for (const BucketAdvice& bucket : advice.buckets) {
    buckets.push_back(bucket_json(bucket));
  }
  const Json json = {{"version", kVersion},
                     {"command", facts.command},
                     {"machine", {{"cpu", cpu_model()}, {"cores", usable_cores()}}},
                     {"model", facts.model},
                     {"weights", facts.weights},
                     {"backend", facts.backend},
                     {"device", facts.device},
                     {"precision", facts.precision},
                     {"threads", facts.threads},
                     {"seed", facts.seed},
                     {"seconds", facts.seconds},
                     {"took_s", facts.took},
                     {"shapes_from", facts.source.empty() ? Json(nullptr) : Json(facts.source)},
                     {"repeat", facts.repeat},
                     {"max_bytes", bytes_or_null(figures.max_bytes)},
                     {"static", figures.dimensions.empty()},
                     {"verdict", to_string(advice.verdict)},
                     {"certain", advice.certain},
                     {"ratio", ratio_json(advice.ratio)},
                     {"saving_s", advice.ratio ? Json(advice.saving) : Json(nullptr)},
                     {"break_even_replays", or_null(advice.break_even)},
                     {"shapes", std::move(shapes)},
                     {"refusals", std::move(refusals)},
                     {"trace", advice.trace ? trace_json(figures, *advice.trace) : Json(nullptr)},
                     {"cache", cache_json(advice.cache)},
                     {"buckets", std::move(buckets)},
                     {"words", doctor_text(facts, figures, advice)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace replayrt::cli
