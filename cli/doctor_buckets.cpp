#include "doctor_buckets.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "statistics.hpp"

namespace replayrt::cli {
namespace {

constexpr std::size_t kFewestExtents = 3;
// propose_buckets is for hundreds of extents.
constexpr std::size_t kMostExtents = 256;

using Histogram = std::vector<ExtentCount>;

std::int64_t extent_of(const ShapeFigures& shape, const DynamicDimension& dimension) {
  return shape.shapes[dimension.input][dimension.axis];
}

/// The extents of the calls; where there are too many, rounded up to multiples, but never beyond
/// the largest.
Histogram histogram_of(const DoctorFigures& figures, const DynamicDimension& dimension) {
  std::map<std::int64_t, std::uint64_t> counts;
  for (const std::size_t index : figures.calls) {
    ++counts[extent_of(figures.shapes[index], dimension)];
  }
  for (std::int64_t step = 2; counts.size() > kMostExtents; step *= 2) {
    const std::int64_t largest = counts.rbegin()->first;
    std::map<std::int64_t, std::uint64_t> coarser;
    for (const auto& [extent, count] : counts) {
      coarser[std::min((extent + step - 1) / step * step, largest)] += count;
    }
    counts = std::move(coarser);
  }
  Histogram histogram;
  for (const auto& [extent, count] : counts) {
    histogram.push_back({extent, count});
  }
  return histogram;
}

BucketProposal propose(const DoctorFigures& figures, const DynamicDimension& dimension,
                       const Histogram& histogram) {
  std::vector<Point> points;
  for (const ShapeFigures& shape : figures.shapes) {
    if (shape.captured()) {
      points.push_back(
          {static_cast<double>(extent_of(shape, dimension)), static_cast<double>(shape.bytes)});
    }
  }
  const Line bytes = fit_line(points, false);
  return propose_buckets(histogram, {.max_bytes = figures.max_bytes,
                                     .base_bytes = std::llround(bytes.base),
                                     .bytes_per_unit = std::llround(bytes.slope),
                                     .max_buckets = std::max<std::size_t>(
                                         std::min(figures.max_buckets, histogram.size() / 2), 1)});
}

/// The trace with the dimension rounded up: its distinct shapes and calls.
struct PaddedTrace {
  std::vector<ShapeCost> costs;
  std::vector<std::size_t> calls;
};

PaddedTrace pad(const DoctorFigures& figures, const CostEstimate& estimate,
                const DynamicDimension& dimension, const Buckets& buckets) {
  PaddedTrace padded;
  std::map<std::vector<std::vector<std::int64_t>>, std::size_t> index_of;
  std::vector<std::size_t> becomes;
  for (const ShapeFigures& shape : figures.shapes) {
    std::vector<Shape> shapes = shape.shapes;
    const std::int64_t bucket = buckets.round_up(extent_of(shape, dimension));
    shapes[dimension.input] = shapes[dimension.input].with_dim(dimension.axis, bucket);
    std::vector<std::vector<std::int64_t>> dims;
    for (const Shape& of : shapes) {
      dims.emplace_back(of.dims().begin(), of.dims().end());
    }
    const auto [known, is_new] = index_of.try_emplace(std::move(dims), padded.costs.size());
    if (is_new) {
      const auto same = std::ranges::find(figures.shapes, shapes, &ShapeFigures::shapes);
      padded.costs.push_back(same != figures.shapes.end() && same->measured()
                                 ? measured_cost(*same)
                                 : estimate.at(elements_of(shapes)));
    }
    becomes.push_back(known->second);
  }
  for (const std::size_t index : figures.calls) {
    padded.calls.push_back(becomes[index]);
  }
  return padded;
}

TraceCost best_cost(const PaddedTrace& padded, std::int64_t max_bytes) {
  GraphCacheOptions options;
  options.capacity = static_cast<std::int64_t>(padded.costs.size());
  options.max_bytes = max_bytes;
  options.admission = Admission::always();
  const TraceCost always = simulate(padded.costs, padded.calls, options);
  options.admission = Admission::pays_back();
  const TraceCost pays_back = simulate(padded.costs, padded.calls, options);
  return always.seconds < pays_back.seconds ? always : pays_back;
}

}  // namespace

double elements_of(std::span<const Shape> shapes) noexcept {
  double elements = 0;
  for (const Shape& shape : shapes) {
    elements += static_cast<double>(shape.num_elements());
  }
  return elements;
}

std::vector<double> pair_ratios(const ShapeFigures& shape) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < shape.replay.size(); ++i) {
    ratios.push_back(shape.eager[i] > 0 ? shape.replay[i] / shape.eager[i] : 1);
  }
  return ratios;
}

ShapeCost measured_cost(const ShapeFigures& shape) {
  ShapeCost cost;
  cost.eager = median(shape.eager);
  cost.capturable = shape.captured();
  if (cost.capturable) {
    cost.replay = cost.eager * median(pair_ratios(shape));
    cost.capture = shape.capture;
    cost.bytes = shape.bytes;
  }
  return cost;
}

CostEstimate::CostEstimate(std::span<const ShapeFigures> shapes) {
  std::vector<Point> eager;
  std::vector<Point> bytes;
  std::vector<double> captures;
  double eager_of_captured = 0;
  double replay = 0;
  for (const ShapeFigures& shape : shapes) {
    if (!shape.measured()) {
      continue;
    }
    const ShapeCost cost = measured_cost(shape);
    const double elements = elements_of(shape.shapes);
    eager.push_back({elements, cost.eager});
    if (cost.capturable) {
      bytes.push_back({elements, static_cast<double>(cost.bytes)});
      captures.push_back(cost.capture);
      eager_of_captured += cost.eager;
      replay += cost.replay;
    }
  }
  eager_ = fit_line(eager, true);
  bytes_ = fit_line(bytes, false);
  ratio_ = eager_of_captured > 0 ? replay / eager_of_captured : 1;
  capture_ = median(captures);
  capturable_ = 2 * captures.size() > eager.size();
}

ShapeCost CostEstimate::at(double elements) const noexcept {
  ShapeCost cost;
  cost.eager = eager_.at(elements);
  cost.capturable = capturable_;
  if (capturable_) {
    cost.replay = ratio_ * cost.eager;
    cost.capture = std::max(capture_, cost.replay);
    cost.bytes = std::llround(bytes_.at(elements));
  }
  return cost;
}

std::vector<BucketAdvice> advise_buckets(const DoctorFigures& figures, const CostEstimate& estimate,
                                         double best) {
  std::vector<BucketAdvice> advice;
  for (const DynamicDimension& dimension : figures.dimensions) {
    const Histogram histogram = histogram_of(figures, dimension);
    if (histogram.size() < kFewestExtents) {
      continue;
    }
    BucketAdvice of;
    of.dimension = dimension;
    of.extents = histogram.size();
    of.proposal = propose(figures, dimension, histogram);
    const PaddedTrace padded = pad(figures, estimate, dimension, of.proposal.buckets);
    of.shapes = padded.costs.size();
    of.cost = best_cost(padded, figures.max_bytes);
    of.worth_it = !of.proposal.buckets.is_none() && of.cost.seconds < kNothingGained * best;
    advice.push_back(std::move(of));
  }
  return advice;
}

}  // namespace replayrt::cli
