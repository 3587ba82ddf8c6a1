// The faults that the double finds, which CUDA does not report.

#include <gmock/gmock.h>

#include <array>
#include <functional>
#include <thread>

#include "fakes/cuda/double_support.hpp"

namespace replayrt::fakes::cuda {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(DoubleTest, FindsUseAfterFree) {
  const cudaStream_t on = stream();
  void* freed = memory(64);
  CUDA_OK(cudaFree(freed));
  CUDA_OK(launch_kernel(on, {"late", [this] { ++done_; }, {{freed, 4}}}));
  CUDA_OK(cudaStreamSynchronize(on));
  EXPECT_EQ(done_, 0);
  EXPECT_THAT(take_violations(), testing::Contains("'late' uses memory that was freed"));
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, FindsAGraphThatUsesFreedMemory) {
  const cudaStream_t on = stream();
  void* freed = memory(64);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  CUDA_OK(cudaStreamBeginCapture(on, cudaStreamCaptureModeThreadLocal));
  CUDA_OK(cudaMemsetAsync(freed, 1, 64, on));
  CUDA_OK(cudaStreamEndCapture(on, &graph));
  CUDA_OK(cudaGraphInstantiate(&exec, graph, 0));
  CUDA_OK(cudaFree(freed));
  CUDA_OK(cudaGraphLaunch(exec, on));
  CUDA_OK(cudaStreamSynchronize(on));
  EXPECT_THAT(take_violations(), testing::Contains("'fill' uses memory that was freed"));
  CUDA_OK(cudaGraphExecDestroy(exec));
  CUDA_OK(cudaGraphDestroy(graph));
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, FindsMemoryFreedTooEarly) {
  const cudaStream_t on = stream();
  void* block = memory(64);
  CUDA_OK(launch_kernel(on, {"user", [this] { ++done_; }, {}, {{block, 64}}}));
  CUDA_OK(cudaFree(block));
  EXPECT_EQ(done_, 1);  // As CUDA does, it waits.
  EXPECT_THAT(take_violations(), ElementsAre("memory is freed that pending work uses"));
  CUDA_OK(cudaStreamSynchronize(on));
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, WorkThatIsDoneButThatNobodyWaitedForMayStillRun) {
  set_progress(Progress::kImmediate);
  const cudaStream_t on = stream();
  void* block = memory(64);
  CUDA_OK(launch_kernel(on, {"user", [this] { ++done_; }, {}, {{block, 64}}}));
  EXPECT_EQ(done_, 1);
  CUDA_OK(cudaFree(block));
  EXPECT_EQ(take_violations().size(), 1U);
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, FindsWorkThatNothingOrders) {
  const cudaStream_t first = stream();
  const cudaStream_t second = stream();
  void* block = memory(64);
  auto* half = static_cast<std::byte*>(block) + 32;
  const auto write = [](const char* name, void* at) { return Kernel{name, [] {}, {}, {{at, 32}}}; };
  CUDA_OK(launch_kernel(first, write("a", block)));
  CUDA_OK(launch_kernel(second, write("b", half)));  // Elsewhere.
  EXPECT_EQ(violations().size(), 0U);
  CUDA_OK(launch_kernel(second, {"c", [] {}, {{block, 1}}}));
  EXPECT_THAT(take_violations(), ElementsAre("'c' uses memory that 'a' may still use: nothing "
                                             "orders the one behind the other"));
  CUDA_OK(cudaStreamSynchronize(first));
  CUDA_OK(cudaStreamSynchronize(second));
  // Ordered by a stream, by an event, or by the host: all is well. Two readers never clash.
  CUDA_OK(launch_kernel(first, write("d", block)));
  CUDA_OK(launch_kernel(first, write("e", block)));
  cudaEvent_t event = nullptr;
  CUDA_OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  CUDA_OK(cudaEventRecord(event, first));
  CUDA_OK(cudaStreamWaitEvent(second, event, 0));
  CUDA_OK(launch_kernel(second, {"f", [] {}, {{block, 64}}}));
  CUDA_OK(launch_kernel(first, {"g", [] {}, {{block, 64}}}));
  CUDA_OK(cudaStreamSynchronize(first));
  CUDA_OK(cudaStreamSynchronize(second));
  CUDA_OK(launch_kernel(first, write("h", block)));
  CUDA_OK(cudaStreamSynchronize(first));
  CUDA_OK(launch_kernel(second, write("i", block)));
  EXPECT_EQ(violations().size(), 0U);
  CUDA_OK(cudaStreamSynchronize(second));
  CUDA_OK(cudaFree(block));
  CUDA_OK(cudaEventDestroy(event));
  CUDA_OK(cudaStreamDestroy(first));
  CUDA_OK(cudaStreamDestroy(second));
}

TEST_F(DoubleTest, FindsAGraphDestroyedTooEarly) {
  const cudaStream_t on = stream();
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  CUDA_OK(cudaStreamBeginCapture(on, cudaStreamCaptureModeThreadLocal));
  CUDA_OK(count_on(on));
  CUDA_OK(cudaStreamEndCapture(on, &graph));
  CUDA_OK(cudaGraphInstantiate(&exec, graph, 0));
  CUDA_OK(cudaGraphLaunch(exec, on));
  CUDA_OK(cudaGraphExecDestroy(exec));
  EXPECT_THAT(take_violations(),
              ElementsAre("an executable graph is destroyed while it may still run"));
  CUDA_OK(cudaStreamSynchronize(on));
  EXPECT_EQ(done_, 1);
  CUDA_OK(cudaGraphDestroy(graph));
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, FindsTheWrongDevice) {
  const cudaStream_t on = stream();
  void* block = memory(16);
  CUDA_OK(cudaSetDevice(1));
  // PG, Multi-Device System: "A kernel launch will fail if it is issued to a stream that is not
  // associated to the current device". Not among the shared rules: it takes a kernel.
  EXPECT_EQ(count_on(on), cudaErrorInvalidResourceHandle);
  CUDA_OK(cudaStreamBeginCapture(on, cudaStreamCaptureModeThreadLocal));
  cudaGraph_t graph = nullptr;
  CUDA_OK(cudaStreamEndCapture(on, &graph));
  EXPECT_THAT(take_violations(),
              ElementsAre("cudaStreamBeginCapture on device 0 while 1 is current"));
  const cudaStream_t other = stream();
  CUDA_OK(launch_kernel(other, {"far", [] {}, {}, {{block, 16}}}));
  EXPECT_THAT(take_violations(), ElementsAre("'far' on device 1 uses memory of device 0"));
  CUDA_OK(cudaStreamSynchronize(other));
  EXPECT_EQ(take_violations().size(), 1U);
  CUDA_OK(cudaGraphDestroy(graph));
  CUDA_OK(cudaFree(block));
  CUDA_OK(cudaStreamDestroy(on));
  CUDA_OK(cudaStreamDestroy(other));
}

TEST_F(DoubleTest, FindsPageableMemoryInAGraph) {
  const cudaStream_t on = stream();
  void* block = memory(16);
  std::array<char, 16> pageable{};
  cudaGraph_t graph = nullptr;
  CUDA_OK(cudaStreamBeginCapture(on, cudaStreamCaptureModeThreadLocal));
  CUDA_OK(cudaMemcpyAsync(block, pageable.data(), 16, cudaMemcpyHostToDevice, on));
  CUDA_OK(cudaStreamEndCapture(on, &graph));
  EXPECT_THAT(take_violations(),
              ElementsAre("a copy of pageable host memory is recorded in a graph"));
  CUDA_OK(cudaGraphDestroy(graph));
  CUDA_OK(cudaFree(block));
  CUDA_OK(cudaStreamDestroy(on));
}

TEST_F(DoubleTest, FindsHandlesUsedAfterTheirEnd) {
  const cudaStream_t on = stream();
  cudaEvent_t event = nullptr;
  CUDA_OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  CUDA_OK(cudaStreamDestroy(on));
  CUDA_OK(cudaEventDestroy(event));
  EXPECT_EQ(cudaStreamSynchronize(on), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventQuery(event), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamDestroy(on), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(take_violations().size(), 3U);
  void* block = memory(8);
  CUDA_OK(cudaFree(block));
  EXPECT_EQ(cudaFree(block), cudaErrorInvalidValue);
  EXPECT_THAT(take_violations(),
              ElementsAre("memory is freed that was freed before, or never allocated"));
}

TEST_F(DoubleTest, FindsCudaCallsInDeviceWork) {
  const cudaStream_t on = stream();
  CUDA_OK(launch_kernel(on, {"caller", [] {
                               int device = 0;
                               EXPECT_EQ(cudaGetDevice(&device), cudaErrorNotPermitted);
                             }}));
  CUDA_OK(cudaStreamSynchronize(on));
  EXPECT_THAT(take_violations(), ElementsAre(HasSubstr("cudaGetDevice is called from device")));
  CUDA_OK(cudaStreamDestroy(on));
}

// CUDA's documentation names cudaMalloc as potentially unsafe beside a capture; queries and waits
// on streams and events that are in no capture are known to be so too (NCCL's watchdog breaks
// captures in global mode). The double is strict.
TEST_F(DoubleTest, WaitsAndQueriesAreUnsafeBesideACapture) {
  const cudaStream_t on = stream();
  const cudaStream_t other = stream();
  cudaEvent_t event = nullptr;
  CUDA_OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  const std::array<std::function<cudaError_t()>, 4> calls{
      [&] { return cudaStreamSynchronize(other); }, [&] { return cudaStreamQuery(other); },
      [&] { return cudaEventSynchronize(event); }, [&] { return cudaEventQuery(event); }};
  for (const auto& unsafe : calls) {
    CUDA_OK(cudaStreamBeginCapture(on, cudaStreamCaptureModeThreadLocal));
    EXPECT_EQ(unsafe(), cudaErrorStreamCaptureUnsupported);
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(on, &graph), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(unsafe(), cudaSuccess);
  }
  CUDA_OK(cudaEventDestroy(event));
  CUDA_OK(cudaStreamDestroy(on));
  CUDA_OK(cudaStreamDestroy(other));
}

// Many threads use one machine at once; ThreadSanitizer looks on.
TEST_F(DoubleTest, ManyThreadsWork) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      const cudaStream_t on = stream();
      for (int i = 0; i < 50; ++i) {
        void* block = nullptr;
        EXPECT_EQ(cudaMalloc(&block, 64), cudaSuccess);
        EXPECT_EQ(cudaMemsetAsync(block, i, 64, on), cudaSuccess);
        EXPECT_EQ(count_on(on), cudaSuccess);
        EXPECT_EQ(cudaStreamSynchronize(on), cudaSuccess);
        EXPECT_EQ(static_cast<std::byte*>(block)[63], std::byte(i));
        EXPECT_EQ(cudaFree(block), cudaSuccess);
      }
      EXPECT_EQ(cudaStreamDestroy(on), cudaSuccess);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(done_, 200);
}

}  // namespace
}  // namespace replayrt::fakes::cuda
