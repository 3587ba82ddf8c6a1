#include "core/batch_plan.hpp"

#include <string>

namespace replayrt::detail {

namespace {

const Buckets kNoBuckets;

}  // namespace

BatchPlan::BatchPlan(std::int64_t rows, const BatchLimits& limits)
    : BatchPlan(rows, limits, kNoBuckets, {}) {}

BatchPlan::BatchPlan(std::int64_t rows, const BatchLimits& limits, const Buckets& buckets,
                     const DimensionRange& range)
    : rows_(rows), limits_(limits), buckets_(&buckets), range_(range), count_(1) {
  range_.max = std::min(range.max, limits.max);
  if (limits.min < 1 || limits.max < limits.min) {
    throw Error(ErrorCode::kInvalidParameter, "batch limits are min " + std::to_string(limits.min) +
                                                  ", max " + std::to_string(limits.max) +
                                                  ": expected 1 <= min <= max");
  }
  if (rows > limits.max) {
    count_ = (rows - 1) / limits.max + 1;
  }
}

}  // namespace replayrt::detail
