#include "backends/cuda/fence.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>

#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/stream_capture.hpp"
#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"

namespace replayrt::cuda {
namespace {

using fakes::cuda::launch_kernel;

class FenceTest : public fakes::cuda::CudaTest {
 protected:
  FenceTest() : CudaTest({.devices = 2}) {}

  void work(const Stream& stream) {
    ASSERT_EQ(launch_kernel(stream.get(), {"work", [this] { ++done_; }}), cudaSuccess);
  }

  std::atomic<int> done_{0};
};

TEST_F(FenceTest, IsDoneWhenTheWorkBeforeItIs) {
  const Stream stream = make_stream();
  FencePool pool(0);
  work(stream);
  const auto fence = pool.record(stream.get());
  work(stream);
  EXPECT_FALSE(fence->done());
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);  // Not ready is no error.
  EXPECT_TRUE(fakes::cuda::run_next(stream.get()));
  EXPECT_TRUE(fence->done());
  EXPECT_EQ(done_, 1);
  EXPECT_NE(fence->native_event(), nullptr);
  ASSERT_EQ(cudaStreamSynchronize(stream.get()), cudaSuccess);
}

TEST_F(FenceTest, OnceDoneItIsNotAskedForAgain) {
  const Stream stream = make_stream();
  const Stream other = make_stream();
  FencePool pool(0);
  for (const bool waits : {false, true}) {
    work(stream);
    const auto fence = pool.record(stream.get());
    if (waits) {
      fence->wait();
    } else {
      fakes::cuda::run_all();
      EXPECT_TRUE(fence->done());
    }
    const std::int64_t calls = fakes::cuda::call_count();
    EXPECT_TRUE(fence->done());
    fence->wait();
    fence->hold_back(other.get());
    EXPECT_EQ(fakes::cuda::call_count(), calls);
  }
  ASSERT_EQ(cudaStreamSynchronize(stream.get()), cudaSuccess);
}

TEST_F(FenceTest, IsACompletion) {
  const Stream stream = make_stream();
  FencePool pool(0);
  work(stream);
  const Completion completion(pool.record(stream.get()));
  EXPECT_FALSE(completion.done());
  completion.wait();
  EXPECT_EQ(done_, 1);
  EXPECT_TRUE(completion.done());
}

TEST_F(FenceTest, HoldsOtherStreamsBack) {
  const Stream first = make_stream();
  const Stream second = make_stream();
  FencePool pool(0);
  work(first);
  pool.record(first.get())->hold_back(second.get());  // The wait outlives the fence.
  ASSERT_EQ(launch_kernel(second.get(), {"late", [this] { EXPECT_EQ(done_, 1); }}), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(second.get()), cudaSuccess);
  EXPECT_EQ(done_, 1);
}

TEST_F(FenceTest, EventsAreUsedAgain) {
  const Stream stream = make_stream();
  std::optional<FencePool> pool(0);
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(pool->record(stream.get()));
  }
  EXPECT_EQ(pool->events_made(), 1U);
  auto first = pool->record(stream.get());
  const auto second = pool->record(stream.get());
  EXPECT_EQ(pool->events_made(), 2U);
  pool.reset();
  EXPECT_TRUE(first->done());  // May outlive its pool.
}

TEST_F(FenceTest, BelongsToItsPoolsDevice) {
  FencePool pool(1);
  std::optional<DeviceGuard> current(std::in_place, 1);
  const Stream stream = make_stream();
  current.reset();
  EXPECT_NO_THROW(static_cast<void>(pool.record(stream.get())));
  const Stream other = make_stream();  // Of device 0.
  expect_error(ErrorCode::kModelRuntime, {"cudaEventRecord", "cudaErrorInvalidResourceHandle"},
               [&] { static_cast<void>(pool.record(other.get())); });
  EXPECT_EQ(pool.events_made(), 1U);
  EXPECT_NO_THROW(static_cast<void>(pool.record(stream.get())));  // The event came back.
  EXPECT_EQ(pool.events_made(), 1U);
}

TEST_F(FenceTest, CanBeAskedBesideCaptures) {
  const Stream stream = make_stream();
  const Stream captured = make_stream();
  const DeviceMemory memory = make_device_memory(8);
  FencePool pool(0);
  work(stream);
  const auto fence = pool.record(stream.get());
  StreamCapture capture(captured.get());
  ASSERT_EQ(cudaMemsetAsync(memory.get(), 0, 8, captured.get()), cudaSuccess);
  EXPECT_FALSE(fence->done());
  fence->wait();
  EXPECT_TRUE(fence->done());
  EXPECT_NO_THROW(static_cast<void>(capture.end()));
  // Another library's capture, in mode global, in another thread.
  ASSERT_EQ(cudaStreamBeginCapture(captured.get(), cudaStreamCaptureModeGlobal), cudaSuccess);
  std::thread([&] {
    EXPECT_TRUE(fence->done());
    fence->wait();
  }).join();
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(captured.get(), &graph), cudaSuccess);
  const Graph owned(graph);
}

TEST_F(FenceTest, FailedWorkIsToldByBoth) {
  {
    const Stream stream = make_stream();
    FencePool pool(0);
    ASSERT_EQ(launch_kernel(stream.get(), {"bad", [] { throw std::runtime_error("fault"); }}),
              cudaSuccess);
    const auto fence = pool.record(stream.get());
    expect_error(ErrorCode::kModelRuntime, {"cudaEventSynchronize", "cudaErrorLaunchFailure"},
                 [&] { fence->wait(); });
    expect_error(ErrorCode::kModelRuntime, {"cudaEventQuery", "cudaErrorLaunchFailure"},
                 [&] { static_cast<void>(fence->done()); });
  }
}

}  // namespace
}  // namespace replayrt::cuda
