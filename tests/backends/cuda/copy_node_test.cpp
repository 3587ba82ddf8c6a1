#include "backends/cuda/copy_node.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "backends/cuda/stream_capture.hpp"
#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::cuda {
namespace {

using fakes::cuda::call_count;
using fakes::cuda::fail_call;

constexpr std::size_t kBytes = 64;

class CopyNodeTest : public fakes::cuda::CudaTest {
 protected:
  CopyNodeTest() {
    StreamCapture capture(stream_.get());
    // Two copies, to be told apart.
    copy(to_, from_);
    copy(to_, other_);
    graph_ = capture.end();
    exec_ = make_executable(graph_, stream_.get());
    EXPECT_EQ(cudaStreamSynchronize(stream_.get()), cudaSuccess);
    std::memset(from_.get(), 1, kBytes);
    std::memset(other_.get(), 2, kBytes);
  }

  void copy(const DeviceMemory& to, const DeviceMemory& from) {
    EXPECT_EQ(
        cudaMemcpyAsync(to.get(), from.get(), kBytes, cudaMemcpyDeviceToDevice, stream_.get()),
        cudaSuccess);
  }
  int launch_and_read(const DeviceMemory& memory) {
    EXPECT_EQ(cudaGraphLaunch(exec_.get(), stream_.get()), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream_.get()), cudaSuccess);
    return static_cast<unsigned char*>(memory.get())[kBytes - 1];
  }

  const Stream stream_ = make_stream();
  const DeviceMemory from_ = make_device_memory(kBytes);
  const DeviceMemory other_ = make_device_memory(kBytes);
  const DeviceMemory to_ = make_device_memory(kBytes);
  const DeviceMemory target_ = make_device_memory(kBytes);
  Graph graph_;
  GraphExec exec_;
};

TEST_F(CopyNodeTest, CopiesElsewhereFromThenOn) {
  CopyNode node = CopyNode::find(graph_, to_.get(), other_.get(), kBytes);
  EXPECT_EQ(launch_and_read(to_), 2);
  EXPECT_TRUE(node.set(exec_, target_.get(), other_.get()));
  EXPECT_EQ(launch_and_read(target_), 2);
  EXPECT_EQ(launch_and_read(to_), 1) << "the other copy is as it was";
  EXPECT_TRUE(node.set(exec_, target_.get(), from_.get()));
  EXPECT_EQ(launch_and_read(target_), 1);
}

TEST_F(CopyNodeTest, WhatDoesNotChangeCostsNoCall) {
  CopyNode node = CopyNode::find(graph_, to_.get(), from_.get(), kBytes);
  EXPECT_TRUE(node.set(exec_, target_.get(), from_.get()));
  const std::int64_t calls = call_count();
  EXPECT_TRUE(node.set(exec_, target_.get(), from_.get()));
  EXPECT_EQ(call_count(), calls);
}

TEST_F(CopyNodeTest, MemoryThatCudaRefusesLeavesAllAsItWas) {
  CopyNode node = CopyNode::find(graph_, to_.get(), other_.get(), kBytes);
  const PinnedMemory pinned = make_pinned_memory(kBytes);
  EXPECT_FALSE(node.set(exec_, to_.get(), pinned.get()));
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
  EXPECT_EQ(launch_and_read(to_), 2);
  EXPECT_FALSE(node.set(exec_, to_.get(), pinned.get())) << "it is asked again";
}

TEST_F(CopyNodeTest, OtherFailuresAreThrown) {
  CopyNode node = CopyNode::find(graph_, to_.get(), other_.get(), kBytes);
  fail_call("cudaGraphExecMemcpyNodeSetParams1D", 1);
  expect_error(ErrorCode::kModelRuntime, {"cudaGraphExecMemcpyNodeSetParams1D"},
               [&] { static_cast<void>(node.set(exec_, target_.get(), other_.get())); });
  EXPECT_EQ(launch_and_read(to_), 2);
  EXPECT_TRUE(node.set(exec_, target_.get(), other_.get()));
  EXPECT_EQ(launch_and_read(target_), 2);
}

TEST_F(CopyNodeTest, ACopyThatIsNotThereIsARefusal) {
  try {
    CopyNode::find(graph_, target_.get(), from_.get(), kBytes);
    ADD_FAILURE() << "found a copy that nobody recorded";
  } catch (const CaptureRefused& refusal) {
    EXPECT_EQ(refusal.reason(), Reason::kCaptureFailed);
  }
}

}  // namespace
}  // namespace replayrt::cuda
