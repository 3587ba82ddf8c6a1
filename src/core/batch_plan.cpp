#include "core/batch_plan.hpp"

#include <string>

namespace replayrt::detail {

BatchPlan::BatchPlan(std::int64_t rows, const BatchLimits& limits)
    : rows_(rows), limits_(limits), count_(1) {
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
