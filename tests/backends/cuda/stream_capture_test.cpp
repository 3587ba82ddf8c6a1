#include "backends/cuda/stream_capture.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::cuda {
namespace {

using fakes::cuda::fail_call;
using fakes::cuda::live;

class StreamCaptureTest : public fakes::cuda::CudaTest {
 protected:
  cudaError_t fill() { return cudaMemsetAsync(memory_.get(), 1, 16, stream_.get()); }

  void expect_stream_is_free() {
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusActive;
    EXPECT_EQ(cudaStreamIsCapturing(stream_.get(), &status), cudaSuccess);
    EXPECT_EQ(status, cudaStreamCaptureStatusNone);
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
    EXPECT_EQ(live().graphs, 0U);
    EXPECT_EQ(fill(), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream_.get()), cudaSuccess);
  }

  void expect_refused(StreamCapture& capture, const std::string& part) {
    try {
      static_cast<void>(capture.end());
      ADD_FAILURE() << "the capture was taken for a good one";
    } catch (const CaptureRefused& refusal) {
      EXPECT_EQ(refusal.reason(), Reason::kCaptureFailed);
      EXPECT_NE(std::string(refusal.what()).find(part), std::string::npos) << refusal.what();
    }
    expect_stream_is_free();
  }

  const Stream stream_ = make_stream();
  const DeviceMemory memory_ = make_device_memory(16);
};

TEST_F(StreamCaptureTest, RecordsRatherThanRuns) {
  StreamCapture capture(stream_.get());
  ASSERT_EQ(fill(), cudaSuccess);
  EXPECT_EQ(fakes::cuda::pending_work(), 0U);
  const Graph graph = capture.end();
  const GraphExec exec = make_executable(graph, stream_.get());
  ASSERT_EQ(cudaGraphLaunch(exec.get(), stream_.get()), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream_.get()), cudaSuccess);
  EXPECT_EQ(static_cast<unsigned char*>(memory_.get())[15], 1);
}

TEST_F(StreamCaptureTest, WhatTheCallerPutInDoesNotCount) {
  {
    StreamCapture capture(stream_.get());
    ASSERT_EQ(fill(), cudaSuccess);
    ASSERT_EQ(fill(), cudaSuccess);
    EXPECT_TRUE(capture.end(1));
  }
  StreamCapture capture(stream_.get());
  ASSERT_EQ(fill(), cudaSuccess);
  EXPECT_THROW(static_cast<void>(capture.end(1)), CaptureRefused);
  expect_stream_is_free();
}

TEST_F(StreamCaptureTest, EndsWithItsScope) {
  try {
    const StreamCapture capture(stream_.get());
    ASSERT_EQ(fill(), cudaSuccess);
    throw std::runtime_error("enqueueing failed");
  } catch (const std::runtime_error&) {
    expect_stream_is_free();
  }
}

TEST_F(StreamCaptureTest, EndsWithItsScopeAlsoWhenBroken) {
  {
    const StreamCapture capture(stream_.get());
    EXPECT_EQ(cudaStreamSynchronize(stream_.get()), cudaErrorStreamCaptureUnsupported);
  }
  expect_stream_is_free();
}

TEST_F(StreamCaptureTest, NothingRecordedIsARefusal) {
  StreamCapture capture(stream_.get());
  expect_refused(capture, "recorded nothing: cudaStreamEndCapture gave a graph without nodes");
}

TEST_F(StreamCaptureTest, ABrokenCaptureIsARefusal) {
  StreamCapture capture(stream_.get());
  ASSERT_EQ(fill(), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream_.get()), cudaErrorStreamCaptureUnsupported);
  expect_refused(capture, "cudaErrorStreamCaptureInvalidated");
}

TEST_F(StreamCaptureTest, AForkThatIsNotJoinedIsARefusal) {
  const Stream other = make_stream();
  const Event event = make_event();
  StreamCapture capture(stream_.get());
  ASSERT_EQ(cudaEventRecord(event.get(), stream_.get()), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(other.get(), event.get(), 0), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(memory_.get(), 1, 16, other.get()), cudaSuccess);
  expect_refused(capture, "cudaErrorStreamCaptureUnjoined");
}

TEST_F(StreamCaptureTest, FailuresOfTheCallsAreTold) {
  fail_call("cudaStreamBeginCapture", 1);
  expect_error(ErrorCode::kModelRuntime, {"cudaStreamBeginCapture"},
               [&] { StreamCapture capture(stream_.get()); });
  expect_stream_is_free();
  {
    StreamCapture capture(stream_.get());
    ASSERT_EQ(fill(), cudaSuccess);
    fail_call("cudaStreamEndCapture", 1);
    expect_refused(capture, "cudaErrorUnknown");
  }
  {
    StreamCapture capture(stream_.get());
    ASSERT_EQ(fill(), cudaSuccess);
    fail_call("cudaStreamEndCapture", 1, cudaErrorMemoryAllocation);
    expect_error(ErrorCode::kOutOfMemory, {"cudaStreamEndCapture"},
                 [&] { static_cast<void>(capture.end()); });
    expect_stream_is_free();
  }
  StreamCapture capture(stream_.get());
  ASSERT_EQ(fill(), cudaSuccess);
  fail_call("cudaGraphGetNodes", 1);
  expect_error(ErrorCode::kModelRuntime, {"cudaGraphGetNodes"},
               [&] { static_cast<void>(capture.end()); });
  expect_stream_is_free();
}

TEST_F(StreamCaptureTest, AnUnsafeCallOfThisThreadBreaksIt) {
  StreamCapture capture(stream_.get());
  ASSERT_EQ(fill(), cudaSuccess);
  void* memory = nullptr;  // Not of this library's own, which allocates in RelaxedCaptureMode.
  EXPECT_EQ(cudaMalloc(&memory, 16), cudaErrorStreamCaptureUnsupported);
  expect_refused(capture, "cudaErrorStreamCaptureInvalidated");
}

TEST_F(StreamCaptureTest, OtherThreadsMayAllocateMeanwhile) {
  StreamCapture capture(stream_.get());
  ASSERT_EQ(fill(), cudaSuccess);
  std::thread([] {
    void* memory = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, 16), cudaSuccess);  // As another library would.
    EXPECT_EQ(cudaFree(memory), cudaSuccess);
  }).join();
  EXPECT_NO_THROW(static_cast<void>(capture.end()));
}

}  // namespace
}  // namespace replayrt::cuda
