#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "doctor_advice.hpp"
#include "doctor_line.hpp"

namespace replayrt::cli {

/// Elements of all inputs together.
double elements_of(std::span<const Shape> shapes) noexcept;

/// Replay by eager time of each pair of a shape that was captured.
std::vector<double> pair_ratios(const ShapeFigures& shape);

/// What was measured; the shape must have been. Eager: the median; replay: that times the median of
/// the pairs' ratios, as what else the machine does touches both of a pair.
ShapeCost measured_cost(const ShapeFigures& shape);

/// What a shape that was not measured costs, from those that were: eager time and bytes on a line
/// over the number of input elements; the median capture time; replays at the measured ratio. A
/// shape can be captured if most of the measured ones could.
class CostEstimate {
 public:
  explicit CostEstimate(std::span<const ShapeFigures> shapes);

  [[nodiscard]] ShapeCost at(double elements) const noexcept;

 private:
  Line eager_;
  Line bytes_;
  double ratio_ = 1;
  double capture_ = 0;
  bool capturable_ = false;
};

/// For each dynamic dimension of which the trace has three extents or more: the buckets of
/// `propose_buckets`, under the budget and with at most half as many buckets as extents, and what
/// the trace would cost when padded to them. `best`: what it costs at best without, in seconds.
std::vector<BucketAdvice> advise_buckets(const DoctorFigures& figures, const CostEstimate& estimate,
                                         double best);

}  // namespace replayrt::cli
