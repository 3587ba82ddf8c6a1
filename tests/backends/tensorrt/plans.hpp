#pragma once

#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "backends/tensorrt/machine.hpp"
#include "backends/tensorrt/tensorrt_engine.hpp"
#include "replayrt/core/infer.hpp"

// Small engines and how to run them, for tests on the doubles and on a GPU.
namespace replayrt::tensorrt_test {

/// Equal profiles: before TensorRT 10 each graph needs one, and eager runs one more.
inline std::vector<Range> equal_profiles(std::size_t count = 4) {
  return std::vector<Range>(count, Range{1, 4, 64});
}

/// An engine of f32 inputs "a", "b", … of shape rows x columns, one profile for each range of rows.
inline Plan sum_plan(const std::vector<Range>& rows = equal_profiles(),
                     Range columns = Range::fixed(7), std::size_t inputs = 1) {
  Plan plan;
  for (std::size_t i = 0; i < inputs; ++i) {
    auto& input = plan.inputs.emplace_back();
    input.name = std::string(1, static_cast<char>('a' + i));
    for (const Range& range : rows) {
      input.profiles.push_back({range, columns});
    }
  }
  plan.outputs = {{"sum", DType::kF32}};
  return plan;
}

/// first, first + 1, …
inline Tensor counted(const Shape& shape, float first = 1) {
  Tensor tensor = Tensor::allocate(DType::kF32, shape);
  const auto values = tensor.as<float>();
  std::iota(values.begin(), values.end(), first);
  return tensor;
}

inline std::vector<float> values_of(const Tensor& tensor) {
  const auto values = tensor.as<float>();
  return {values.begin(), values.end()};
}

inline Engine load(const Plan& plan, const LoadOptions& options = {}) {
  const std::vector<std::byte> bytes = plan_bytes(plan);
  return Engine(std::make_unique<tensorrt::TensorRtEngine>(bytes, "test.plan", options));
}

inline InferResult run(const Engine& engine, const std::vector<Tensor>& inputs,
                       const std::shared_ptr<GraphCache>& cache = nullptr,
                       const RunContext& context = {}) {
  std::vector<TensorView> views;
  for (const Tensor& input : inputs) {
    views.push_back(input.view());
  }
  return infer(engine, views, {.graph_cache = cache, .context = context});
}

}  // namespace replayrt::tensorrt_test
