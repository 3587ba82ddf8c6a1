// What the double has and CUDA has not: when work is done, budgets, injected failures. The faults
// that it finds: faults_test.cpp. The rules that it shares with CUDA:
// tests/backends/cuda/*_rules_test.cpp.

#include <gmock/gmock.h>

#include <stdexcept>
#include <thread>

#include "fakes/cuda/double_support.hpp"

namespace replayrt::fakes::cuda {
namespace {

using testing::ElementsAre;

// --- When work is done ---------------------------------------------------------------------------

TEST_F(DoubleTest, DeferredWorkIsDoneWhenSomebodyWaits) {
  const cudaStream_t on = stream();
  CUDA_OK(count_on(on));
  EXPECT_EQ(cudaStreamQuery(on), cudaErrorNotReady);
  EXPECT_EQ(done_, 0);
  EXPECT_EQ(pending_work(on), 1U);
  CUDA_OK(cudaStreamSynchronize(on));
  EXPECT_EQ(done_, 1);
  EXPECT_EQ(pending_work(), 0U);
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, WorkCanBeDoneOnQueryOrAtOnce) {
  const cudaStream_t on = stream();
  set_progress(Progress::kOnQuery);
  CUDA_OK(count_on(on));
  EXPECT_EQ(done_, 0);
  CUDA_OK(cudaStreamQuery(on));
  EXPECT_EQ(done_, 1);
  set_progress(Progress::kImmediate);
  CUDA_OK(count_on(on));
  EXPECT_EQ(done_, 2);
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, ATestLetsWorkBeDonePieceByPiece) {
  const cudaStream_t first = stream();
  const cudaStream_t second = stream();
  cudaEvent_t event = nullptr;
  CUDA_OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  CUDA_OK(count_on(first));
  CUDA_OK(count_on(first));
  CUDA_OK(cudaEventRecord(event, first));
  CUDA_OK(cudaStreamWaitEvent(second, event, 0));
  CUDA_OK(count_on(second));
  CUDA_OK(count_on(second));
  EXPECT_TRUE(run_next(first));
  EXPECT_EQ(done_, 1);
  EXPECT_TRUE(run_next(second));  // With all it depends on.
  EXPECT_EQ(done_, 3);
  EXPECT_FALSE(run_next(first));
  run_all();
  EXPECT_EQ(done_, 4);
  CUDA_OK(cudaStreamDestroy(first));
  CUDA_OK(cudaStreamDestroy(second));
  CUDA_OK(cudaEventDestroy(event));
}

TEST_F(DoubleTest, HeldWorkKeepsWaitersBack) {
  const cudaStream_t on = stream();
  CUDA_OK(count_on(on));
  hold();
  std::thread waiter([&] { EXPECT_EQ(cudaStreamSynchronize(on), cudaSuccess); });
  await_waiting(1);
  EXPECT_EQ(done_, 0);
  CUDA_OK(count_on(on));  // Nobody else is kept back.
  release();
  waiter.join();
  EXPECT_GE(done_, 1);
  CUDA_OK(cudaStreamSynchronize(on));
  EXPECT_EQ(done_, 2);
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, HeldWorkCanBeDoneByTheTest) {
  const cudaStream_t on = stream();
  CUDA_OK(count_on(on));
  hold();
  std::thread waiter([&] { EXPECT_EQ(cudaStreamSynchronize(on), cudaSuccess); });
  await_waiting(1);
  EXPECT_TRUE(run_next(on));
  waiter.join();
  EXPECT_EQ(done_, 1);
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, AKernelThatThrowsBreaksItsDevice) {
  const cudaStream_t on = stream();
  CUDA_OK(launch_kernel(on, {"bad", [] { throw std::runtime_error("fault"); }}));
  CUDA_OK(count_on(on));
  EXPECT_EQ(cudaStreamSynchronize(on), cudaErrorLaunchFailure);
  EXPECT_EQ(done_, 0);
  EXPECT_EQ(count_on(on), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaStreamDestroy(on), cudaErrorLaunchFailure);  // And yet it is gone.
  EXPECT_EQ(live().streams, 0U);
  CUDA_OK(cudaSetDevice(1));
  CUDA_OK(cudaStreamDestroy(stream()));
}

TEST_F(DoubleTest, AChangeOfPageableMemoryComesTooLateForACopy) {
  const cudaStream_t on = stream();
  void* to = memory(4);
  int value = 5;
  CUDA_OK(cudaMemcpyAsync(to, &value, 4, cudaMemcpyHostToDevice, on));
  value = 6;
  CUDA_OK(cudaMemcpyAsync(&value, to, 4, cudaMemcpyDeviceToHost, on));
  EXPECT_EQ(value, 5);
  CUDA_OK(cudaFree(to));
  CUDA_OK(cudaStreamDestroy(on));
}

// --- Driver, budget ------------------------------------------------------------------------------

TEST_F(DoubleTest, MachinesWithoutDriverOrDevice) {
  int version = -1;
  reset({.driver_version = 0});
  EXPECT_EQ(cudaDriverGetVersion(&version), cudaSuccess);
  EXPECT_EQ(version, 0);
  int count = -1;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorInsufficientDriver);
  EXPECT_EQ(count, 0);
  reset({.driver_version = 11080});
  EXPECT_EQ(cudaSetDevice(0), cudaErrorInsufficientDriver);
  reset({.devices = 0});
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorNoDevice);
}

TEST_F(DoubleTest, EveryDeviceHasABudget) {
  void* first = memory(4096);
  void* none = this;
  EXPECT_EQ(cudaMalloc(&none, 1), cudaErrorMemoryAllocation);
  EXPECT_EQ(none, nullptr);
  CUDA_OK(cudaSetDevice(1));
  void* second = memory(1024);
  EXPECT_EQ(memory_use(0).bytes, 4096U);
  EXPECT_EQ(memory_use(1).bytes, 1024U);
  CUDA_OK(cudaFree(first));
  CUDA_OK(cudaFree(second));
  EXPECT_EQ(memory_use(0).bytes, 0U);
  EXPECT_EQ(memory_use(0).peak, 4096U);
  set_memory_budget(1, 100);
  EXPECT_EQ(cudaMalloc(&none, 101), cudaErrorMemoryAllocation);
}

TEST_F(DoubleTest, WhatIsNotDestroyedIsCounted) {
  const cudaStream_t on = stream();
  void* device = memory(16);
  void* pinned = nullptr;
  CUDA_OK(cudaHostAlloc(&pinned, 16, cudaHostAllocDefault));
  EXPECT_EQ(to_string(live()), "1 stream, 1 device block, 1 pinned block");
  CUDA_OK(cudaStreamBeginCapture(on, cudaStreamCaptureModeThreadLocal));
  EXPECT_EQ(live().captures, 1U);
  cudaGraph_t graph = nullptr;
  CUDA_OK(cudaStreamEndCapture(on, &graph));
  cudaGraphExec_t exec = nullptr;
  CUDA_OK(cudaGraphInstantiate(&exec, graph, 0));
  EXPECT_EQ(
      live(),
      (Live{.streams = 1, .graphs = 1, .graph_execs = 1, .device_blocks = 1, .pinned_blocks = 1}));
  CUDA_OK(cudaGraphExecDestroy(exec));
  CUDA_OK(cudaGraphDestroy(graph));
  CUDA_OK(cudaFree(device));
  CUDA_OK(cudaFreeHost(pinned));
  CUDA_OK(cudaStreamDestroy(on));
  EXPECT_EQ(to_string(live()), "");
}

// --- Injected failures ---------------------------------------------------------------------------

TEST_F(DoubleTest, TheNthCallFailsOnce) {
  fail_call(2);
  const cudaStream_t on = stream();
  cudaStream_t none = nullptr;
  EXPECT_EQ(cudaStreamCreateWithFlags(&none, cudaStreamNonBlocking), cudaErrorUnknown);
  EXPECT_EQ(failed_call(), "cudaStreamCreateWithFlags");
  EXPECT_EQ(cudaGetLastError(), cudaErrorUnknown);
  EXPECT_EQ(live().streams, 1U);
  CUDA_OK(cudaStreamSynchronize(on));
  CUDA_OK(cudaStreamDestroy(on));
  EXPECT_EQ(call_count(), 4);
  EXPECT_EQ(call_count("cudaStreamCreateWithFlags"), 2);
}

TEST_F(DoubleTest, CallsOfOneFunctionFail) {
  fail_call("cudaMalloc", 2);
  void* first = memory(16);
  const cudaStream_t on = stream();
  void* none = nullptr;
  EXPECT_EQ(cudaMalloc(&none, 16), cudaErrorMemoryAllocation);
  fail_call("cudaLaunchKernel", 1, cudaErrorInvalidValue);
  EXPECT_EQ(count_on(on), cudaErrorInvalidValue);
  fail_call("cudaStreamSynchronize", 1);
  fail_call(0);
  CUDA_OK(cudaStreamSynchronize(on));
  EXPECT_EQ(failed_call(), "");
  CUDA_OK(cudaFree(first));
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, AFailedDestructionDestroysAndAFailedEndEnds) {
  const cudaStream_t on = stream();
  CUDA_OK(cudaStreamBeginCapture(on, cudaStreamCaptureModeThreadLocal));
  cudaGraph_t graph = nullptr;
  fail_call(1);
  EXPECT_EQ(cudaStreamEndCapture(on, &graph), cudaErrorUnknown);
  EXPECT_EQ(graph, nullptr);
  fail_call(1);
  EXPECT_EQ(cudaStreamDestroy(on), cudaErrorUnknown);
}

TEST_F(DoubleTest, AHookSeesEveryCall) {
  std::vector<std::string> seen;
  set_call_hook([&](std::string_view call) {
    seen.emplace_back(call);
    int device = 0;
    EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);  // Not seen.
  });
  const cudaStream_t on = stream();
  CUDA_OK(count_on(on));
  CUDA_OK(cudaStreamSynchronize(on));
  CUDA_OK(cudaStreamDestroy(on));
  EXPECT_THAT(seen, ElementsAre("cudaStreamCreateWithFlags", "cudaLaunchKernel",
                                "cudaStreamSynchronize", "cudaStreamDestroy"));
}

}  // namespace
}  // namespace replayrt::fakes::cuda
