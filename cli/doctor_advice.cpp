#include "doctor_advice.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <random>
#include <utility>

#include "doctor_buckets.hpp"
#include "doctor_line.hpp"
#include "replayrt/core/error.hpp"
#include "statistics.hpp"

namespace replayrt::cli {
namespace {

std::vector<std::uint64_t> count_calls(const DoctorFigures& figures) {
  std::vector<std::uint64_t> counts(figures.shapes.size());
  for (const std::size_t index : figures.calls) {
    ++counts[index];
  }
  return counts;
}

/// The captured shapes with their weights: calls times eager time.
struct Weighted {
  std::vector<double> ratios;  // Of its pairs.
  double weight = 0;
};

std::vector<Weighted> weigh(const DoctorFigures& figures,
                            const std::vector<std::uint64_t>& counts) {
  std::vector<Weighted> weighted;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (figures.shapes[i].captured()) {
      weighted.push_back({pair_ratios(figures.shapes[i]),
                          static_cast<double>(counts[i]) * median(figures.shapes[i].eager)});
    }
  }
  return weighted;
}

/// The mean by weight of `of(ratios)`.
template <class Of>
double weighted_mean(const std::vector<Weighted>& shapes, Of of) {
  double sum = 0;
  double weights = 0;
  for (const Weighted& shape : shapes) {
    sum += shape.weight * of(shape.ratios);
    weights += shape.weight;
  }
  return weights > 0 ? sum / weights : 1;
}

std::optional<RatioFigures> ratio_of(const DoctorFigures& figures,
                                     const std::vector<std::uint64_t>& counts) {
  const std::vector<Weighted> shapes = weigh(figures, counts);
  if (shapes.empty()) {
    return std::nullopt;
  }
  RatioFigures ratio;
  ratio.median = weighted_mean(shapes, median);
  for (const Weighted& shape : shapes) {
    ratio.rounds = std::max(ratio.rounds, shape.ratios.size());
  }
  std::vector<double> rounds;
  for (std::size_t round = 0; round < ratio.rounds; ++round) {
    // A shape of fewer pairs begins anew.
    rounds.push_back(weighted_mean(shapes, [round](const std::vector<double>& ratios) {
      return ratios[round % ratios.size()];
    }));
  }
  ratio.low = percentile(rounds, 0.1);
  ratio.high = percentile(rounds, 0.9);

  constexpr int kResamples = 200;
  std::mt19937_64 random(1);
  std::vector<double> medians;
  for (int i = 0; i < kResamples; ++i) {
    medians.push_back(weighted_mean(shapes, [&random](const std::vector<double>& ratios) {
      std::vector<double> drawn(ratios.size());
      // Not std::uniform_int_distribution, which differs between standard libraries.
      std::ranges::generate(drawn, [&] { return ratios[random() % ratios.size()]; });
      return median(std::move(drawn));
    }));
  }
  ratio.from = percentile(medians, 0.05);
  ratio.to = percentile(medians, 0.95);
  return ratio;
}

std::optional<double> break_even_of(double price, double saved) {
  return saved > 0 ? std::optional(price / saved) : std::nullopt;
}

std::vector<ShapeAdvice> shapes_of(const DoctorFigures& figures, const CostEstimate& estimate,
                                   const std::vector<std::uint64_t>& counts) {
  std::vector<ShapeAdvice> advice(figures.shapes.size());
  for (std::size_t i = 0; i < advice.size(); ++i) {
    const ShapeFigures& shape = figures.shapes[i];
    ShapeAdvice& of = advice[i];
    of.calls = counts[i];
    of.estimated = !shape.measured();
    of.cost = of.estimated ? estimate.at(elements_of(shape.shapes)) : measured_cost(shape);
    if (of.cost.capturable) {
      of.break_even = break_even_of(capture_price(of.cost), saving(of.cost));
    }
    // The call that captures gives an answer, too, so it is no replay.
    of.pays =
        of.break_even && (!figures.has_trace || static_cast<double>(of.calls) - 1 > *of.break_even);
  }
  return advice;
}

std::vector<RefusalAdvice> refusals_of(const DoctorFigures& figures,
                                       const std::vector<std::uint64_t>& counts) {
  std::vector<RefusalAdvice> refusals;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (!figures.shapes[i].refusal) {
      continue;
    }
    const Refusal& refusal = *figures.shapes[i].refusal;
    auto known = std::ranges::find(refusals, refusal.reason, &RefusalAdvice::reason);
    if (known == refusals.end()) {
      refusals.push_back({refusal.reason, refusal.message});
      known = refusals.end() - 1;
    }
    ++known->shapes;
    known->calls += counts[i];
  }
  return refusals;
}

double net_saving(const ShapeAdvice& shape, bool has_trace) {
  return has_trace ? saving(shape.cost) * (static_cast<double>(shape.calls) - 1) -
                         capture_price(shape.cost)
                   : saving(shape.cost);
}

/// The smallest cache that keeps what pays, or as much of it as the budget allows: what saves most
/// per byte first.
CacheAdvice size_cache(const DoctorFigures& figures, const std::vector<ShapeAdvice>& shapes) {
  std::vector<std::size_t> paying;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    // Without a trace nothing is known of shapes that were not measured.
    if (shapes[i].pays && (figures.has_trace || !shapes[i].estimated)) {
      paying.push_back(i);
    }
  }
  std::ranges::stable_sort(paying, std::greater<>(), [&](std::size_t i) {
    return net_saving(shapes[i], figures.has_trace) /
           static_cast<double>(std::max<std::int64_t>(shapes[i].cost.bytes, 1));
  });
  CacheAdvice cache;
  for (const std::size_t i : paying) {
    cache.bytes_wanted += shapes[i].cost.bytes;
    if (shapes[i].cost.bytes <= figures.max_bytes - cache.max_bytes) {
      ++cache.capacity;
      cache.max_bytes += shapes[i].cost.bytes;
    } else {
      ++cache.left_out;
    }
  }
  return cache;
}

GraphCacheOptions options_of(const CacheAdvice& cache, Admission admission, Eviction eviction) {
  GraphCacheOptions options;
  options.capacity = cache.capacity;
  options.max_bytes = cache.max_bytes;
  options.admission = admission;
  options.eviction = eviction;
  return options;
}

TraceAdvice cost_trace(const DoctorFigures& figures, std::span<const ShapeCost> costs,
                       CacheAdvice& cache) {
  const auto with = [&](const CacheAdvice& size, Admission admission, Eviction eviction) {
    return simulate(costs, figures.calls, options_of(size, admission, eviction));
  };
  constexpr Eviction kLru = Eviction::kLeastRecentlyUsed;
  CacheAdvice roomy;
  roomy.capacity = static_cast<std::int64_t>(costs.size());
  roomy.max_bytes = figures.max_bytes;
  TraceAdvice trace;
  trace.eager = with({}, Admission::always(), kLru);
  trace.always = with(roomy, Admission::always(), kLru);
  trace.pays_back = with(roomy, Admission::pays_back(), kLru);
  const TraceCost always = with(cache, Admission::always(), kLru);
  trace.lru = with(cache, Admission::pays_back(), kLru);
  // Of two that hardly differ, the one that cannot lose.
  cache.admission = Admission::pays_back();
  if (always.seconds < kNothingGained * trace.lru.seconds) {
    cache.admission = Admission::always();
    trace.lru = always;
  }
  // With room for all, nothing that always captures pushes out what pays.
  if (trace.always.evictions == 0 && trace.always.seconds < kNothingGained * trace.lru.seconds) {
    cache.admission = Admission::always();
    cache.capacity = trace.always.captures;
    cache.max_bytes = 0;
    for (const ShapeCost& cost : costs) {
      cache.max_bytes += cost.capturable && cost.bytes <= figures.max_bytes ? cost.bytes : 0;
    }
    cache.bytes_wanted = std::max(cache.bytes_wanted, cache.max_bytes);
    trace.lru = trace.always;
  }
  trace.cost_aware = with(cache, cache.admission, Eviction::kCostAware);
  if (trace.cost_aware.seconds < kNothingGained * trace.lru.seconds) {
    cache.eviction = Eviction::kCostAware;
  }
  return trace;
}

double best_of(const TraceAdvice& trace) {
  return std::min({trace.eager.seconds, trace.lru.seconds, trace.cost_aware.seconds});
}

Verdict judge_ratio(double ratio) {
  if (ratio >= kNothingGained) {
    return Verdict::kDoesNotHelp;
  }
  return ratio > kLittleGained ? Verdict::kHelpsLittle : Verdict::kHelps;
}

/// A verdict on the replays alone: what may be noise is little help.
Verdict judge_ratio(const RatioFigures& ratio) {
  const Verdict of_median = judge_ratio(ratio.median);
  return of_median == Verdict::kHelps && ratio.to >= kNothingGained ? Verdict::kHelpsLittle
                                                                    : of_median;
}

Verdict judge(const Advice& advice) {
  if (!advice.ratio) {
    return Verdict::kCannotBeCaptured;
  }
  const Verdict of_replays = judge_ratio(*advice.ratio);
  if (of_replays == Verdict::kDoesNotHelp || !advice.trace) {
    return of_replays;
  }
  const double whole = best_of(*advice.trace) / std::max(advice.trace->eager.seconds, 1e-12);
  if (advice.cache.capacity == 0 || whole >= kNothingGained) {
    return Verdict::kDoesNotHelp;
  }
  return whole > kLittleGained ? Verdict::kHelpsLittle : of_replays;
}

/// Mean saving and price over the captured shapes, by their calls.
void note_means(const DoctorFigures& figures, Advice& advice) {
  double calls = 0;
  double saved = 0;
  double price = 0;
  for (std::size_t i = 0; i < advice.shapes.size(); ++i) {
    const ShapeAdvice& shape = advice.shapes[i];
    advice.measured_calls += shape.estimated ? 0 : shape.calls;
    if (figures.shapes[i].captured()) {
      calls += static_cast<double>(shape.calls);
      saved += static_cast<double>(shape.calls) * saving(shape.cost);
      price += static_cast<double>(shape.calls) * capture_price(shape.cost);
    }
  }
  if (calls > 0) {
    advice.saving = saved / calls;
    advice.break_even = break_even_of(price, saved);
  }
}

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::kHelps:
      return "helps";
    case Verdict::kHelpsLittle:
      return "helps_little";
    case Verdict::kDoesNotHelp:
      return "does_not_help";
    case Verdict::kCannotBeCaptured:
      return "cannot_be_captured";
  }
  return "unknown";
}

Advice advise(const DoctorFigures& figures) {
  if (std::ranges::none_of(figures.shapes, &ShapeFigures::measured)) {
    throw Error(ErrorCode::kInvalidParameter, "advise: expected at least one measured shape");
  }
  const std::vector<std::uint64_t> counts = count_calls(figures);
  const CostEstimate estimate(figures.shapes);
  Advice advice;
  advice.ratio = ratio_of(figures, counts);
  advice.shapes = shapes_of(figures, estimate, counts);
  advice.refusals = refusals_of(figures, counts);
  advice.certain = !advice.ratio ||
                   (advice.ratio->from >= kNothingGained) == (advice.ratio->to >= kNothingGained);
  note_means(figures, advice);
  if (advice.ratio) {
    advice.cache = size_cache(figures, advice.shapes);
    advice.cache.admission =
        figures.dimensions.empty() ? Admission::always() : Admission::pays_back();
    if (figures.has_trace) {
      std::vector<ShapeCost> costs;
      std::ranges::transform(advice.shapes, std::back_inserter(costs), &ShapeAdvice::cost);
      advice.trace = cost_trace(figures, costs, advice.cache);
      advice.buckets = advise_buckets(figures, estimate, best_of(*advice.trace));
    }
  }
  advice.verdict = judge(advice);
  advice.cache.use = advice.cache.capacity > 0 &&
                     (advice.verdict == Verdict::kHelps || advice.verdict == Verdict::kHelpsLittle);
  return advice;
}

}  // namespace replayrt::cli
