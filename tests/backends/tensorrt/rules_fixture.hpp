#pragma once

#include <NvInferRuntime.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

#include "backends/cuda/handles.hpp"
#include "backends/tensorrt/api.hpp"
#include "backends/tensorrt/library.hpp"
#include "backends/tensorrt/machine.hpp"
#include "backends/tensorrt/plans.hpp"

namespace replayrt::tensorrt_test {

/// For tests that drive TensorRT's own interface: one engine, memory for its tensors, and what it
/// logs.
class RulesTest : public testing::Test {
 protected:
  class Messages final : public nvinfer1::ILogger {
   public:
    void log(Severity severity, nvinfer1::AsciiChar const* message) noexcept override {
      if (severity <= Severity::kERROR) {
        const std::lock_guard lock(mutex_);  // TensorRT may log on threads of its own.
        errors.emplace_back(message);
      }
    }
    std::vector<std::string> errors;

   private:
    std::mutex mutex_;
  };

  RulesTest() { fill(input_, 0); }

  void TearDown() override {
    if (HasFailure()) {
      for (const std::string& error : messages_.errors) {
        std::cout << "TensorRT said: " << error << '\n';
      }
    }
  }

  void make(const Plan& plan) {
    runtime_ = tensorrt::Library::open()->create_runtime(messages_);
    const std::vector<std::byte> bytes = plan_bytes(plan);
    engine_.reset(runtime_->deserializeCudaEngine(bytes.data(), bytes.size()));
    ASSERT_NE(engine_, nullptr);
    activation_ = make_activation();
  }

  cuda::DeviceMemory make_activation() const {
    return cuda::make_device_memory(std::max<std::size_t>(tensorrt::activation_bytes(*engine_), 1));
  }

  tensorrt::Owned<nvinfer1::IExecutionContext> context() {
    auto made = tensorrt::create_context(*engine_);
    tensorrt::set_activation_memory(*made, activation_.get(), tensorrt::activation_bytes(*engine_));
    return made;
  }

  /// Ready to be enqueued for `rows` rows of 7.
  void prepare(nvinfer1::IExecutionContext& made, std::int64_t rows) {
    ASSERT_TRUE(made.setInputShape("a", tensorrt::dims_of(Shape{rows, 7})));
    ASSERT_TRUE(made.setInputTensorAddress("a", input_.get()));
    ASSERT_TRUE(made.setTensorAddress("sum", output_.get()));
  }

  void wait() { ASSERT_EQ(cudaStreamSynchronize(stream_.get()), cudaSuccess); }

  void fill(const cuda::DeviceMemory& memory, int byte) {
    EXPECT_EQ(cudaMemsetAsync(memory.get(), byte, kTensorBytes, stream_.get()), cudaSuccess);
    wait();
  }

  /// One element of what the runs on `stream_` gave.
  float answer(std::size_t index = 0) { return element(output_, index); }
  float element(const cuda::DeviceMemory& memory, std::size_t index) {
    float value = NAN;
    EXPECT_EQ(cudaMemcpyAsync(&value, static_cast<const float*>(memory.get()) + index,
                              sizeof(value), cudaMemcpyDeviceToHost, stream_.get()),
              cudaSuccess);
    wait();
    return value;
  }

  /// Captures one run of the context; empty, and the test fails, if that cannot be.
  cuda::GraphExec capture(nvinfer1::IExecutionContext& made) {
    cudaGraph_t captured = nullptr;
    EXPECT_EQ(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal), cudaSuccess);
    EXPECT_TRUE(made.enqueueV3(stream_.get()));
    EXPECT_EQ(cudaStreamEndCapture(stream_.get(), &captured), cudaSuccess);
    if (captured == nullptr) {
      ADD_FAILURE() << "there is no graph";
      return {};
    }
    const cuda::Graph graph(captured);
    std::size_t nodes = 0;
    EXPECT_EQ(cudaGraphGetNodes(captured, nullptr, &nodes), cudaSuccess);
    EXPECT_GT(nodes, 0U);
    return cuda::make_executable(graph, stream_.get());
  }

  static constexpr std::size_t kTensorBytes = 64 * 7 * sizeof(float);

  const Machine machine_;  // Ends when all else has.
  Messages messages_;
  cuda::Stream stream_ = cuda::make_stream();
  cuda::DeviceMemory input_ = cuda::make_device_memory(kTensorBytes);
  cuda::DeviceMemory output_ = cuda::make_device_memory(kTensorBytes);
  cuda::DeviceMemory activation_;
  tensorrt::Owned<nvinfer1::IRuntime> runtime_;
  tensorrt::Owned<nvinfer1::ICudaEngine> engine_;
};

/// A plan whose answer tells the columns: with zeros for input every element is 7.
inline Plan plan_of(std::size_t profiles = 1) {
  return sum_plan(equal_profiles(profiles));
}

}  // namespace replayrt::tensorrt_test
