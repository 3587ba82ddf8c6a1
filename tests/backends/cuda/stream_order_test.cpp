#include "backends/cuda/stream_order.hpp"

#include <gtest/gtest.h>

#include <string>

#include "backends/cuda/stream_capture.hpp"
#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"

namespace replayrt::cuda {
namespace {

using fakes::cuda::launch_kernel;

class StreamOrderTest : public fakes::cuda::CudaTest {
 protected:
  void work(const Stream& stream, char name) {
    ASSERT_EQ(launch_kernel(stream.get(), {"work", [this, name] { order_ += name; }}), cudaSuccess);
  }

  const Stream ours_ = make_stream();
  const Stream caller_ = make_stream();
  FencePool fences_{0};
  RunContext context_{.stream = caller_.get()};
  std::string order_;
};

TEST_F(StreamOrderTest, ARunBeginsAfterTheCallersWork) {
  work(caller_, 'a');
  begin_after_caller(ours_.get(), context_, fences_);
  work(caller_, 'x');  // Not waited for.
  work(ours_, 'b');
  finish(ours_.get());
  EXPECT_EQ(order_, "ab");
  finish(caller_.get());
}

TEST_F(StreamOrderTest, TheCallerGoesOnAfterTheResults) {
  work(ours_, 'a');
  const auto fence = fences_.record(ours_.get());
  make_caller_wait(context_, *fence);
  work(ours_, 'x');
  work(caller_, 'b');
  finish(caller_.get());
  EXPECT_EQ(order_, "ab");
  finish(ours_.get());
}

TEST_F(StreamOrderTest, WithoutAStreamNothingIsOrdered) {
  work(caller_, 'x');
  const auto calls = fakes::cuda::call_count();
  begin_after_caller(ours_.get(), {}, fences_);
  refuse_captured_caller({});
  EXPECT_EQ(fakes::cuda::call_count(), calls);
  work(ours_, 'a');
  finish(ours_.get());
  EXPECT_EQ(order_, "a");
  make_caller_wait({}, *fences_.record(ours_.get()));
  finish(caller_.get());
}

TEST_F(StreamOrderTest, TheReadyEventIsWaitedForWithAndWithoutAStream) {
  const Stream elsewhere = make_stream();
  const Event ready = make_event();
  work(elsewhere, 'a');
  ASSERT_EQ(cudaEventRecord(ready.get(), elsewhere.get()), cudaSuccess);
  begin_after_caller(ours_.get(), {.ready_event = ready.get()}, fences_);
  work(ours_, 'b');
  finish(ours_.get());
  EXPECT_EQ(order_, "ab");
  work(elsewhere, 'c');
  ASSERT_EQ(cudaEventRecord(ready.get(), elsewhere.get()), cudaSuccess);
  context_.ready_event = ready.get();
  begin_after_caller(ours_.get(), context_, fences_);
  work(ours_, 'd');
  finish(ours_.get());
  EXPECT_EQ(order_, "abcd");
}

TEST_F(StreamOrderTest, FinishWaitsAlsoWhenItCannotTell) {
  work(ours_, 'a');
  finish(ours_.get());
  EXPECT_EQ(order_, "a");
  work(ours_, 'b');
  fakes::cuda::fail_call("cudaStreamSynchronize", 1);
  expect_error(ErrorCode::kModelRuntime, {"cudaStreamSynchronize"}, [&] { finish(ours_.get()); });
  EXPECT_EQ(order_, "ab");
  work(ours_, 'c');
  fakes::cuda::fail_call("cudaStreamSynchronize", 1);
  drain(ours_.get());
  EXPECT_EQ(order_, "abc");
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

TEST_F(StreamOrderTest, TheDefaultStreamsCanBeNamed) {
  ASSERT_EQ(launch_kernel(cudaStreamLegacy, {"work", [this] { order_ += 'a'; }}), cudaSuccess);
  begin_after_caller(ours_.get(), {.stream = cudaStreamLegacy}, fences_);
  work(ours_, 'b');
  finish(ours_.get());
  EXPECT_EQ(order_, "ab");
}

TEST_F(StreamOrderTest, ACallerInCaptureIsRefusedAndItsCaptureGoesOn) {
  StreamCapture capture(caller_.get());
  work(caller_, 'a');
  expect_error(ErrorCode::kUnsupported, {"the caller's stream is in capture"},
               [&] { begin_after_caller(ours_.get(), context_, fences_); });
  EXPECT_NO_THROW(static_cast<void>(capture.end()));
}

}  // namespace
}  // namespace replayrt::cuda
