// CUDA's rules for stream capture and graphs; see runtime_rules_test.cpp. PG, Prohibited: the
// Programming Guide's section "Prohibited and Unhandled Operations" of "Creating a Graph Using
// Stream Capture".

#include "backends/cuda/rules_support.hpp"

namespace replayrt::cuda_rules {
namespace {

constexpr auto kGlobal = cudaStreamCaptureModeGlobal;
constexpr auto kThreadLocal = cudaStreamCaptureModeThreadLocal;
constexpr auto kRelaxed = cudaStreamCaptureModeRelaxed;

cudaError_t try_malloc() {
  void* memory = nullptr;
  const cudaError_t error = cudaMalloc(&memory, 64);
  if (error == cudaSuccess) {
    EXPECT_EQ(cudaFree(memory), cudaSuccess);
  } else {
    static_cast<void>(cudaGetLastError());
  }
  return error;
}

class CudaCaptureRules : public testing::Test {
 protected:
  void begin(cudaStreamCaptureMode mode = kThreadLocal) {
    ASSERT_EQ(cudaStreamBeginCapture(stream_, mode), cudaSuccess);
  }
  /// Ends a capture that is to succeed.
  void end() { ASSERT_EQ(cudaStreamEndCapture(stream_, &graph_), cudaSuccess); }

  Numbers numbers_;
  OwnedStream stream_{new_stream()};
  OwnedStream other_{new_stream()};
  OwnedEvent event_{new_event()};
  OwnedGraph graph_;
  OwnedExec exec_;
};

// API, Stream Management, cudaStreamBeginCapture: "When a stream is in capture mode, all operations
// pushed into the stream will not be executed, but will instead be captured into a graph".
TEST_F(CudaCaptureRules, CapturedWorkRunsWhenItsGraphIsLaunched) {
  begin();
  EXPECT_EQ(status_of(stream_), cudaStreamCaptureStatusActive);
  CUDA_OK(numbers_.fill(7, stream_));
  end();
  EXPECT_EQ(status_of(stream_), cudaStreamCaptureStatusNone);
  EXPECT_EQ(node_count(graph_), 1U);
  CUDA_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(numbers_.read(), 0);
  CUDA_OK(cudaGraphInstantiate(&exec_, graph_, 0));
  graph_.reset();  // PG, CUDA Graphs: instantiation takes a snapshot of the graph template.
  CUDA_OK(cudaGraphUpload(exec_, stream_));
  CUDA_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(numbers_.read(), 0);
  for (int launch = 0; launch < 2; ++launch) {
    CUDA_OK(numbers_.fill(1, stream_));
    CUDA_OK(cudaGraphLaunch(exec_, stream_));
    CUDA_OK(cudaStreamSynchronize(stream_));
    EXPECT_EQ(numbers_.read(), 7);
  }
}

// API, Graph Management, cudaGraphLaunch: "Each launch is ordered behind both any previous work in
// stream and any previous launches of graphExec."
TEST_F(CudaCaptureRules, LaunchesOfOneGraphRunOneAfterTheOther) {
  begin();
  CUDA_OK(numbers_.fill(7, stream_));
  end();
  CUDA_OK(cudaGraphInstantiate(&exec_, graph_, 0));
  Barrier barrier;
  barrier.enqueue(stream_);
  CUDA_OK(cudaGraphLaunch(exec_, stream_));
  CUDA_OK(cudaGraphLaunch(exec_, other_));
  EXPECT_EQ(cudaStreamQuery(other_), cudaErrorNotReady);
  static_cast<void>(cudaGetLastError());
  barrier.open();
  CUDA_OK(cudaStreamSynchronize(other_));
  EXPECT_EQ(numbers_.read(), 7);
  CUDA_OK(cudaStreamSynchronize(stream_));
}

// As above, of a capture without operations: there is a graph, and it is empty.
TEST_F(CudaCaptureRules, ACaptureOfNothingIsAGraphWithoutNodes) {
  begin();
  CUDA_OK(cudaEventRecord(event_, stream_));  // Makes no node.
  end();
  ASSERT_NE(static_cast<cudaGraph_t>(graph_), nullptr);
  EXPECT_EQ(node_count(graph_), 0U);
}

// API, cudaStreamBeginCapture: "Capture may not be initiated if stream is cudaStreamLegacy. [...]
// it may only be initiated if the stream is not already in capture mode."
TEST_F(CudaCaptureRules, SomeStreamsCannotBeginACapture) {
  EXPECT_NE(cudaStreamBeginCapture(cudaStreamLegacy, kThreadLocal), cudaSuccess);
  static_cast<void>(cudaGetLastError());
  begin();
  EXPECT_NE(cudaStreamBeginCapture(stream_, kThreadLocal), cudaSuccess);
  static_cast<void>(cudaGetLastError());
  static_cast<void>(cudaStreamEndCapture(stream_, &graph_));
  static_cast<void>(cudaGetLastError());
  EXPECT_EQ(status_of(stream_), cudaStreamCaptureStatusNone);
}

// API, cudaStreamEndCapture: "Capture must have been initiated on stream via a call to
// cudaStreamBeginCapture."
TEST_F(CudaCaptureRules, WhatWasNotBegunCannotBeEnded) {
  cudaGraph_t graph = nullptr;
  EXPECT_NE(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  static_cast<void>(cudaGetLastError());
  EXPECT_EQ(graph, nullptr);
}

// API, cudaStreamEndCapture: "If the mode argument to cudaStreamBeginCapture was not
// cudaStreamCaptureModeRelaxed, this call must be from the same thread".
TEST_F(CudaCaptureRules, TheThreadThatBeganMustEnd) {
  begin();
  CUDA_OK(numbers_.fill(7, stream_));
  in_another_thread([&] {
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureWrongThread);
  });
  static_cast<void>(cudaStreamEndCapture(stream_, &graph_));
  static_cast<void>(cudaGetLastError());
  EXPECT_EQ(status_of(stream_), cudaStreamCaptureStatusNone);
}

TEST_F(CudaCaptureRules, ARelaxedCaptureMayEndInAnotherThread) {
  begin(kRelaxed);
  CUDA_OK(numbers_.fill(7, stream_));
  in_another_thread([&] { end(); });
  EXPECT_EQ(node_count(graph_), 1U);
}

// PG, Prohibited: "It is invalid to synchronize or query the execution status of a stream which is
// being captured". Invalidation: "When an invalid operation is attempted during stream capture, any
// associated capture graphs are invalidated. [...] further use of any streams which are being
// captured
// [...] is invalid and will return an error, until stream capture is ended with
// cudaStreamEndCapture(). This call will take the associated streams out of capture mode, but will
// also return an error value and a NULL graph."
TEST_F(CudaCaptureRules, AStreamInCaptureCannotBeWaitedFor) {
  begin();
  CUDA_OK(numbers_.fill(7, stream_));
  EXPECT_EQ(cudaStreamSynchronize(stream_), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(status_of(stream_), cudaStreamCaptureStatusInvalidated);
  EXPECT_EQ(numbers_.fill(7, stream_), cudaErrorStreamCaptureInvalidated);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(graph, nullptr);
  static_cast<void>(cudaGetLastError());
  CUDA_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(numbers_.read(), 0);
}

TEST_F(CudaCaptureRules, AStreamInCaptureCannotBeQueried) {
  begin();
  EXPECT_EQ(cudaStreamQuery(stream_), cudaErrorStreamCaptureUnsupported);
  expect_broken(stream_);
}

// PG, Prohibited: "It is also invalid to query the execution status of or synchronize a broader
// handle which encompasses an active stream capture, such as a device".
TEST_F(CudaCaptureRules, ADeviceWithACaptureCannotBeWaitedFor) {
  begin();
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorStreamCaptureUnsupported);
  expect_broken(stream_);
}

// PG, Prohibited: "It is invalid to synchronize or query the execution status of [...] a captured
// event". API, driver_types.h, cudaErrorCapturedEvent: "The operation is not permitted on an event
// which was last recorded in a capturing stream."
TEST_F(CudaCaptureRules, ACapturedEventCannotBeQueried) {
  begin();
  CUDA_OK(cudaEventRecord(event_, stream_));
  EXPECT_EQ(cudaEventQuery(event_), cudaErrorCapturedEvent);
  expect_broken(stream_);
}

TEST_F(CudaCaptureRules, ACapturedEventCannotBeWaitedFor) {
  begin();
  CUDA_OK(cudaEventRecord(event_, stream_));
  EXPECT_EQ(cudaEventSynchronize(event_), cudaErrorCapturedEvent);
  expect_broken(stream_);
}

// PG, Prohibited: "It is invalid to wait on a non-captured event from a stream which is being
// captured without specifying the cudaEventWaitExternal flag." cudaErrorStreamCaptureIsolation: "A
// dependency would have been created which crosses the capture sequence boundary."
TEST_F(CudaCaptureRules, ACaptureCannotWaitForWorkOutsideIt) {
  CUDA_OK(cudaEventRecord(event_, other_));
  begin();
  EXPECT_EQ(cudaStreamWaitEvent(stream_, event_, 0), cudaErrorStreamCaptureIsolation);
  expect_broken(stream_);
}

// PG, Cross-stream Dependencies and Events: "Stream capture can handle cross-stream dependencies
// expressed with cudaEventRecord() and cudaStreamWaitEvent(), provided the event being waited upon
// was recorded into the same capture graph. When a captured event is waited on by a stream which is
// not in capture mode, it places the stream in capture mode."
TEST_F(CudaCaptureRules, AForkedStreamJoinsTheCapture) {
  Numbers copy;
  OwnedEvent joined(new_event());
  begin();
  CUDA_OK(numbers_.fill(7, stream_));
  CUDA_OK(cudaEventRecord(event_, stream_));
  CUDA_OK(cudaStreamWaitEvent(other_, event_, 0));
  EXPECT_EQ(status_of(other_), cudaStreamCaptureStatusActive);
  CUDA_OK(copy.copy_from(numbers_, other_));
  CUDA_OK(cudaEventRecord(joined, other_));
  CUDA_OK(cudaStreamWaitEvent(stream_, joined, 0));
  end();
  EXPECT_EQ(status_of(other_), cudaStreamCaptureStatusNone);
  EXPECT_EQ(node_count(graph_), 2U);
  CUDA_OK(cudaGraphInstantiate(&exec_, graph_, 0));
  CUDA_OK(cudaGraphLaunch(exec_, stream_));
  CUDA_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(copy.read(), 7);
}

// As above: "all streams [...] must be joined back to the origin stream before
// cudaStreamEndCapture()". cudaErrorStreamCaptureUnjoined: "contains a fork that was not joined to
// the primary stream".
TEST_F(CudaCaptureRules, AForkMustBeJoined) {
  begin();
  CUDA_OK(numbers_.fill(7, stream_));
  CUDA_OK(cudaEventRecord(event_, stream_));
  CUDA_OK(cudaStreamWaitEvent(other_, event_, 0));
  CUDA_OK(numbers_.fill(8, other_));
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaErrorStreamCaptureUnjoined);
  EXPECT_EQ(graph, nullptr);
  static_cast<void>(cudaGetLastError());
  EXPECT_EQ(status_of(other_), cudaStreamCaptureStatusNone);
}

// API, cudaStreamBeginCapture: "Capture must be ended on the same stream in which it was
// initiated". cudaErrorStreamCaptureUnmatched: "The capture was not initiated in this stream."
TEST_F(CudaCaptureRules, AForkedStreamCannotEndTheCapture) {
  begin();
  CUDA_OK(cudaEventRecord(event_, stream_));
  CUDA_OK(cudaStreamWaitEvent(other_, event_, 0));
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(other_, &graph), cudaErrorStreamCaptureUnmatched);
  static_cast<void>(cudaGetLastError());
  static_cast<void>(cudaStreamEndCapture(stream_, &graph_));
  static_cast<void>(cudaGetLastError());
  EXPECT_EQ(status_of(stream_), cudaStreamCaptureStatusNone);
}

// PG, Prohibited: "It is invalid to merge two separate capture graphs by waiting on a captured
// event from a stream which is being captured and is associated with a different capture graph than
// the event."
TEST_F(CudaCaptureRules, TwoCapturesCannotMerge) {
  begin();
  CUDA_OK(cudaStreamBeginCapture(other_, kThreadLocal));
  CUDA_OK(cudaEventRecord(event_, stream_));
  EXPECT_EQ(cudaStreamWaitEvent(other_, event_, 0), cudaErrorStreamCaptureMerge);
  cudaGraph_t graph = nullptr;
  EXPECT_NE(cudaStreamEndCapture(other_, &graph), cudaSuccess);
  EXPECT_NE(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  static_cast<void>(cudaGetLastError());
}

// --- Unsafe calls: API, Stream Management, cudaThreadExchangeStreamCaptureMode
// --------------------

// "If the local thread has an ongoing capture sequence that was not initiated with
// cudaStreamCaptureModeRelaxed [...] this thread is prohibited from potentially unsafe API calls",
// such as "a call to cudaMalloc".
TEST_F(CudaCaptureRules, TheCapturingThreadMustNotAllocate) {
  begin();
  CUDA_OK(numbers_.fill(7, stream_));
  EXPECT_EQ(try_malloc(), cudaErrorStreamCaptureUnsupported);
  expect_broken(stream_);
}

// "cudaStreamCaptureModeGlobal: [...] if any other thread has a concurrent capture sequence
// initiated with cudaStreamCaptureModeGlobal, this thread is prohibited from potentially unsafe API
// calls."
TEST_F(CudaCaptureRules, AGlobalCaptureIsBrokenByAnotherThread) {
  begin(kGlobal);
  CUDA_OK(numbers_.fill(7, stream_));
  in_another_thread([] { EXPECT_EQ(try_malloc(), cudaErrorStreamCaptureUnsupported); });
  expect_broken(stream_);
}

// The same for a capture in mode thread-local: other threads are free.
TEST_F(CudaCaptureRules, AThreadLocalCaptureIsNotBrokenByAnotherThread) {
  begin(kThreadLocal);
  CUDA_OK(numbers_.fill(7, stream_));
  in_another_thread([] { EXPECT_EQ(try_malloc(), cudaSuccess); });
  end();
  EXPECT_EQ(node_count(graph_), 1U);
}

// "cudaStreamCaptureModeThreadLocal: [...] Concurrent capture sequences in other threads are
// ignored."
TEST_F(CudaCaptureRules, AThreadLocalThreadIgnoresTheCapturesOfOthers) {
  begin(kGlobal);
  CUDA_OK(numbers_.fill(7, stream_));
  in_another_thread([] {
    cudaStreamCaptureMode mode = kThreadLocal;
    CUDA_OK(cudaThreadExchangeStreamCaptureMode(&mode));
    EXPECT_EQ(mode, kGlobal);  // "This is the default mode."
    EXPECT_EQ(try_malloc(), cudaSuccess);
  });
  end();
  EXPECT_EQ(node_count(graph_), 1U);
}

// "cudaStreamCaptureModeRelaxed: The local thread is not prohibited from potentially unsafe API
// calls." The call "overwrites *mode with the previous mode for the thread".
TEST_F(CudaCaptureRules, ARelaxedThreadMayAllocateInItsOwnCapture) {
  begin(kThreadLocal);
  cudaStreamCaptureMode mode = kRelaxed;
  CUDA_OK(cudaThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(try_malloc(), cudaSuccess);
  CUDA_OK(cudaThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, kRelaxed);
  CUDA_OK(numbers_.fill(7, stream_));
  end();
  EXPECT_EQ(node_count(graph_), 1U);
}

// "Note that the thread is still prohibited from API calls which necessarily conflict with stream
// capture, for example, attempting cudaEventQuery on an event that was last recorded inside a
// capture sequence."
TEST_F(CudaCaptureRules, ARelaxedThreadMustNotQueryACapturedEvent) {
  begin(kRelaxed);
  CUDA_OK(cudaEventRecord(event_, stream_));
  EXPECT_EQ(cudaEventQuery(event_), cudaErrorCapturedEvent);
  expect_broken(stream_);
}

// --- The legacy stream ---------------------------------------------------------------------------

// PG, Prohibited: "When any stream in the same context is being captured, and it was not created
// with cudaStreamNonBlocking, any attempted use of the legacy stream is invalid." API,
// cudaErrorStreamCaptureImplicit.
TEST_F(CudaCaptureRules, TheLegacyStreamCannotBeUsedBesideABlockingCapture) {
  OwnedStream blocking(new_stream(cudaStreamDefault));
  CUDA_OK(cudaStreamBeginCapture(blocking, kThreadLocal));
  EXPECT_EQ(numbers_.fill(1, cudaStreamLegacy), cudaErrorStreamCaptureImplicit);
  expect_broken(blocking);
}

// The same of a capture on a non-blocking stream: nothing is wrong.
TEST_F(CudaCaptureRules, TheLegacyStreamCanBeUsedBesideANonBlockingCapture) {
  begin();
  CUDA_OK(numbers_.fill(7, stream_));
  CUDA_OK(numbers_.fill(1, cudaStreamLegacy));
  end();
  CUDA_OK(cudaStreamSynchronize(cudaStreamLegacy));
  EXPECT_EQ(numbers_.read(), 1);
}

// API, cudaStreamIsCapturing: "if this is called on cudaStreamLegacy while a blocking stream on the
// same device is capturing, it will return cudaErrorStreamCaptureImplicit [...]. The blocking
// stream capture is not invalidated."
TEST_F(CudaCaptureRules, AskingAboutTheLegacyStreamBreaksNothing) {
  OwnedStream blocking(new_stream(cudaStreamDefault));
  CUDA_OK(cudaStreamBeginCapture(blocking, kThreadLocal));
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  EXPECT_EQ(cudaStreamIsCapturing(cudaStreamLegacy, &status), cudaErrorStreamCaptureImplicit);
  static_cast<void>(cudaGetLastError());
  EXPECT_EQ(status_of(blocking), cudaStreamCaptureStatusActive);
  CUDA_OK(cudaStreamEndCapture(blocking, &graph_));
}

}  // namespace
}  // namespace replayrt::cuda_rules
