#pragma once

#include <cstddef>
#include <vector>

#include "fakes/tensorrt/plan.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt::fakes::tensorrt {

/// What an engine of Function::kSum answers, computed apart from it.
inline std::vector<float> expected_sum(const Plan& plan, const std::vector<Tensor>& inputs) {
  const Shape& shape = inputs.front().shape();
  float extents = 0;
  for (std::size_t axis = 1; axis < shape.rank(); ++axis) {
    extents += static_cast<float>(shape[axis]);
  }
  std::vector<float> sum(static_cast<std::size_t>(shape.num_elements()), plan.salt + extents);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const auto values = inputs[k].as<float>();
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += static_cast<float>(k + 1) * values[i];
    }
  }
  return sum;
}

}  // namespace replayrt::fakes::tensorrt
