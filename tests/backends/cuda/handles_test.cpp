#include "backends/cuda/handles.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <type_traits>

#include "backends/cuda/capture_mode.hpp"
#include "backends/cuda/stream_capture.hpp"
#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"

namespace replayrt::cuda {
namespace {

using fakes::cuda::Live;
using fakes::cuda::live;

class HandlesTest : public fakes::cuda::CudaTest {
 protected:
  HandlesTest() : CudaTest({.memory_bytes = 1000}) {}
};

static_assert(!std::is_copy_constructible_v<Stream>);
static_assert(std::is_nothrow_move_constructible_v<Stream>);
static_assert(std::is_nothrow_destructible_v<GraphExec>);

TEST_F(HandlesTest, EveryHandleDestroysWhatItOwns) {
  {
    const Stream stream = make_stream();
    const Event event = make_event();
    const DeviceMemory device = make_device_memory(10);
    const PinnedMemory pinned = make_pinned_memory(10);
    StreamCapture capture(stream.get());
    ASSERT_EQ(cudaMemsetAsync(device.get(), 0, 10, stream.get()), cudaSuccess);
    const Graph graph = capture.end();
    const GraphExec exec = make_executable(graph, stream.get());
    EXPECT_EQ(live(), (Live{.streams = 1,
                            .events = 1,
                            .graphs = 1,
                            .graph_execs = 1,
                            .device_blocks = 1,
                            .pinned_blocks = 1}));
  }
  EXPECT_EQ(live(), Live());
}

TEST_F(HandlesTest, MovingLeavesNothingBehind) {
  Stream first = make_stream();
  const cudaStream_t native = first.get();
  Stream second(std::move(first));
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is the question.
  EXPECT_EQ(second.get(), native);
  Stream third = make_stream();
  third = std::move(second);
  EXPECT_EQ(third.get(), native);
  EXPECT_EQ(live().streams, 1U);
  Stream& same = third;
  third = std::move(same);
  EXPECT_EQ(third.get(), native);
  third.reset();
  third.reset();
  EXPECT_EQ(live().streams, 0U);
}

TEST_F(HandlesTest, StreamsDoNotWaitForTheLegacyStream) {
  const Stream stream = make_stream();
  const StreamCapture capture(stream.get());
  // Beside a capture on a blocking stream this is an error.
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  EXPECT_EQ(cudaStreamIsCapturing(cudaStreamLegacy, &status), cudaSuccess);
}

TEST_F(HandlesTest, TooMuchMemoryNamesTheBytes) {
  expect_error(ErrorCode::kOutOfMemory, {"cudaMalloc (1001 bytes)"},
               [] { make_device_memory(1001); });
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
  fakes::cuda::fail_call(2);  // After the change of mode.
  expect_error(ErrorCode::kOutOfMemory, {"cudaHostAlloc (5 bytes)"}, [] { make_pinned_memory(5); });
}

TEST_F(HandlesTest, NoBytesAreNoMemory) {
  EXPECT_FALSE(make_device_memory(0));
  EXPECT_FALSE(make_pinned_memory(0));
  EXPECT_EQ(live(), Live());
}

TEST_F(HandlesTest, ADestructorClearsWhatCudaReports) {
  Event event = make_event();
  fakes::cuda::fail_call("cudaEventDestroy", 1);
  event.reset();
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

TEST_F(HandlesTest, MemoryComesAndGoesBesideACapture) {
  const Stream stream = make_stream();
  const DeviceMemory target = make_device_memory(16);
  DeviceMemory gone = make_device_memory(16);
  StreamCapture capture(stream.get());
  ASSERT_EQ(cudaMemsetAsync(target.get(), 0, 16, stream.get()), cudaSuccess);
  const DeviceMemory device = make_device_memory(16);
  const PinnedMemory pinned = make_pinned_memory(16);
  gone.reset();
  EXPECT_NO_THROW(static_cast<void>(capture.end()));
}

TEST_F(HandlesTest, AFailedUploadLeavesNoGraph) {
  const Stream stream = make_stream();
  const DeviceMemory target = make_device_memory(16);
  StreamCapture capture(stream.get());
  ASSERT_EQ(cudaMemsetAsync(target.get(), 0, 16, stream.get()), cudaSuccess);
  const Graph graph = capture.end();
  fakes::cuda::fail_call("cudaGraphUpload", 1);
  expect_error(ErrorCode::kOutOfMemory, {"cudaGraphUpload"},
               [&] { make_executable(graph, stream.get()); });
  fakes::cuda::fail_call("cudaGraphInstantiate", 1, cudaErrorInvalidValue);
  expect_error(ErrorCode::kModelRuntime, {"cudaGraphInstantiate: cudaErrorInvalidValue"},
               [&] { make_executable(graph, stream.get()); });
  EXPECT_EQ(live().graph_execs, 0U);
}

TEST_F(HandlesTest, RelaxedModesNest) {
  cudaStreamCaptureMode mode = cudaStreamCaptureModeThreadLocal;
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
  {
    const RelaxedCaptureMode outer;
    const RelaxedCaptureMode inner;
  }
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
  EXPECT_EQ(mode, cudaStreamCaptureModeThreadLocal);
}

}  // namespace
}  // namespace replayrt::cuda
