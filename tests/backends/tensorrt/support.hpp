#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "backends/tensorrt/library.hpp"
#include "backends/tensorrt/plans.hpp"
#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"
#include "fakes/tensorrt/control.hpp"
#include "fakes/tensorrt/expected.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt::tensorrt_test {

namespace cuda_double = fakes::cuda;
using trt_double::expected_sum;

/// Makes the adapter open the double of TensorRT instead of the library of this machine.
inline void use_library(const std::string& file = REPLAYRT_FAKE_NVINFER) {
  setenv(tensorrt::kLibraryVariable, file.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
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
