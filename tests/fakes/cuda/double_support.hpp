#pragma once

#include <atomic>

#include "fakes/cuda/fixture.hpp"

// For the double's own tests.
namespace replayrt::fakes::cuda {

#define CUDA_OK(call) ASSERT_EQ(call, cudaSuccess)

class DoubleTest : public CudaTest {
 protected:
  DoubleTest() : CudaTest(MachineOptions{.devices = 2, .memory_bytes = 4096}) {}

  cudaStream_t stream() {
    cudaStream_t made = nullptr;
    EXPECT_EQ(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), cudaSuccess);
    return made;
  }
  void* memory(std::size_t bytes) {
    void* made = nullptr;
    EXPECT_EQ(cudaMalloc(&made, bytes), cudaSuccess);
    return made;
  }
  cudaError_t count_on(cudaStream_t on) {
    return launch_kernel(on, {"count", [this] { ++done_; }});
  }

  std::atomic<int> done_{0};
};

}  // namespace replayrt::fakes::cuda
