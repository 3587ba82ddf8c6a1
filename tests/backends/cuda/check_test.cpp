#include "backends/cuda/check.hpp"

#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"

namespace replayrt::cuda {
namespace {

using Check = fakes::cuda::CudaTest;

TEST_F(Check, SuccessIsNothing) {
  EXPECT_NO_THROW(check(cudaSuccess, "cudaMalloc"));
  EXPECT_TRUE(succeeded(cudaSuccess));
}

TEST_F(Check, AnErrorNamesTheCallTheErrorAndTheDetail) {
  expect_error(ErrorCode::kModelRuntime,
               {"cudaSetDevice (cuda:7): cudaErrorInvalidDevice (invalid device ordinal)"},
               [] { check(cudaSetDevice(7), "cudaSetDevice", "cuda:7"); });
  expect_error(ErrorCode::kOutOfMemory, {"cudaMalloc: cudaErrorMemoryAllocation (out of memory)"},
               [] { check(cudaErrorMemoryAllocation, "cudaMalloc"); });
}

TEST_F(Check, TheThreadsLastErrorIsCleared) {
  EXPECT_THROW(check(cudaSetDevice(7), "cudaSetDevice"), Error);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
  EXPECT_FALSE(succeeded(cudaSetDevice(7)));
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

TEST_F(Check, AMissingDriverSaysWhatToInstall) {
  fakes::cuda::reset({.driver_version = 0});
  expect_error(ErrorCode::kMissingDependency,
               {"no CUDA driver", "install NVIDIA's driver", "cudaSetDevice"},
               [] { check(cudaSetDevice(0), "cudaSetDevice"); });
}

TEST_F(Check, CodesOfErrors) {
  EXPECT_EQ(error_code_of(cudaErrorMemoryAllocation), ErrorCode::kOutOfMemory);
  EXPECT_EQ(error_code_of(cudaErrorInsufficientDriver), ErrorCode::kMissingDependency);
  EXPECT_EQ(error_code_of(cudaErrorNoDevice), ErrorCode::kMissingDependency);
  EXPECT_EQ(error_code_of(cudaErrorLaunchFailure), ErrorCode::kModelRuntime);
}

}  // namespace
}  // namespace replayrt::cuda
