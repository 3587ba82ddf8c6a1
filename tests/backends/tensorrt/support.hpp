#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "backends/tensorrt/tensorrt_engine.hpp"
#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"
#include "fakes/tensorrt/control.hpp"
#include "fakes/tensorrt/expected.hpp"
#include "fakes/tensorrt/plan.hpp"
#include "replayrt/core/infer.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt::tensorrt_test {

namespace cuda_double = fakes::cuda;
namespace trt_double = fakes::tensorrt;
using trt_double::expected_sum;
using trt_double::Function;
using trt_double::Plan;
using trt_double::Range;

/// Makes the adapter open the double of TensorRT instead of the library of this machine.
inline void use_library(const std::string& file = REPLAYRT_FAKE_NVINFER) {
  setenv(tensorrt::kLibraryVariable, file.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
}

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
  const std::vector<std::byte> bytes = trt_double::serialize(plan);
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

/// Nothing was done that TensorRT or CUDA leave undefined, and nothing was left behind.
inline void expect_clean() {
  EXPECT_EQ(trt_double::violations(), std::vector<std::string>());
  EXPECT_EQ(trt_double::live(), trt_double::Live());
}

/// A fresh machine with one GPU for every test; nothing may be left of it.
class TensorRtTest : public cuda_double::CudaTest {
 protected:
  TensorRtTest() : TensorRtTest(cuda_double::MachineOptions{}) {}
  explicit TensorRtTest(const cuda_double::MachineOptions& options) : CudaTest(options) {
    trt_double::reset();
    use_library();
  }
  ~TensorRtTest() override { expect_clean(); }
};

/// Memory of the GPU, with elements in it.
class DeviceTensor {
 public:
  explicit DeviceTensor(const Tensor& values, std::size_t offset = 0) {
    EXPECT_EQ(cudaMalloc(&memory_, offset + values.bytes() + 1), cudaSuccess);
    view_ = values.view();
    view_.data = static_cast<std::byte*>(memory_) + offset;
    view_.device = {DeviceType::kCuda, 0};
    // The double's device memory is host memory.
    std::memcpy(static_cast<std::byte*>(memory_) + offset, values.data(), values.bytes());
  }
  ~DeviceTensor() { cudaFree(memory_); }
  DeviceTensor(const DeviceTensor&) = delete;
  DeviceTensor& operator=(const DeviceTensor&) = delete;

  [[nodiscard]] const TensorView& view() const { return view_; }

 private:
  void* memory_ = nullptr;
  TensorView view_;
};

/// A copy in host memory; its work must be complete.
inline Tensor on_host(const Tensor& tensor) {
  TensorView view = tensor.view();
  view.device = {};
  return Tensor::copy_of(view);
}

}  // namespace replayrt::tensorrt_test
