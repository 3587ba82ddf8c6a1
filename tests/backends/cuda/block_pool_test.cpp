#include "backends/cuda/block_pool.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

#include "backends/cuda/device_guard.hpp"
#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"

namespace replayrt::cuda {
namespace {

using fakes::cuda::launch_kernel;
using fakes::cuda::live;

class BlockPoolTest : public fakes::cuda::CudaTest {
 protected:
  BlockPoolTest() : CudaTest({.devices = 2, .memory_bytes = 16384}) {}

  /// Gives `block` to work on `stream` that is not done yet.
  void use(const BlockRef& block, const Stream& stream) {
    ASSERT_EQ(launch_kernel(stream.get(), {"use", [] {}, {}, {{block.get()->data(), 16}}}),
              cudaSuccess);
    BlockPool::set_last_use(block, fences_.record(stream.get()));
  }
  void finish(const Stream& stream) { ASSERT_EQ(cudaStreamSynchronize(stream.get()), cudaSuccess); }

  const Stream first_ = make_stream();
  const Stream second_ = make_stream();
  const Stream caller_ = make_stream();
  const Stream other_caller_ = make_stream();
  const RunContext none_{};
  const RunContext called_{.stream = caller_.get()};
  FencePool fences_{0};
};

TEST_F(BlockPoolTest, LendsBlocksOfItsKind) {
  BlockPool device(BlockKind::kDevice, 1);
  BlockPool pinned(BlockKind::kPinned, 1);
  EXPECT_EQ(device.device(), (Device{DeviceType::kCuda, 1}));
  EXPECT_EQ(pinned.device(), Device());
  const BlockRef first = device.acquire(100, none_, first_.get());
  const BlockRef second = pinned.acquire(100, none_, first_.get());
  EXPECT_GE(first.get()->bytes(), 100U);
  EXPECT_EQ(fakes::cuda::memory_use(1).bytes, first.get()->bytes());
  EXPECT_EQ(fakes::cuda::memory_use(0).bytes, 0U);
  EXPECT_EQ(live().pinned_blocks, 1U);
  EXPECT_NE(device.acquire(0, none_, nullptr).get()->data(), nullptr);
}

TEST_F(BlockPoolTest, UsesBlocksAgain) {
  BlockPool pool(BlockKind::kDevice, 0);
  const void* address = nullptr;
  {
    const BlockRef block = pool.acquire(1000, none_, first_.get());
    address = block.get()->data();
    EXPECT_EQ(pool.stats().lent_blocks, 1U);
    EXPECT_EQ(pool.stats().idle_bytes, 0U);
  }
  EXPECT_EQ(pool.stats().idle_blocks, 1U);
  EXPECT_GE(pool.stats().idle_bytes, 1000U);
  const BlockRef again = pool.acquire(990, none_, second_.get());
  EXPECT_EQ(again.get()->data(), address);
  const BlockRef more = pool.acquire(990, none_, second_.get());
  EXPECT_NE(more.get()->data(), address);
  const BlockRef small = pool.acquire(10, none_, second_.get());
  EXPECT_EQ(pool.stats().allocations, 3U);
  EXPECT_EQ(pool.stats().lent_blocks, 3U);
  EXPECT_EQ(pool.stats().idle_bytes, 0U);
}

TEST_F(BlockPoolTest, ALargeBlockIsNotSpentOnASmallRequest) {
  BlockPool pool(BlockKind::kDevice, 0);
  static_cast<void>(pool.acquire(4096, none_, nullptr));
  static_cast<void>(pool.acquire(1024, none_, nullptr));
  EXPECT_EQ(pool.stats().allocations, 2U);
}

// The double finds work on one memory that nothing orders.
TEST_F(BlockPoolTest, TheNextWriterIsHeldBackUntilTheLastUseIsOver) {
  BlockPool pool(BlockKind::kDevice, 0);
  use(pool.acquire(1000, none_, first_.get()), first_);
  const BlockRef again = pool.acquire(1000, none_, second_.get());
  EXPECT_EQ(pool.stats().allocations, 1U);
  EXPECT_EQ(fakes::cuda::pending_work(first_.get()), 1U);  // Nobody waited on the host.
  use(again, second_);
  finish(second_);
  EXPECT_EQ(fakes::cuda::pending_work(first_.get()), 0U);
}

TEST_F(BlockPoolTest, WhereTheHostWritesNextTheHostWaits) {
  BlockPool pool(BlockKind::kPinned, 0);
  use(pool.acquire(1000, none_, first_.get()), first_);
  const BlockRef again = pool.acquire(1000, none_, nullptr);
  EXPECT_EQ(pool.stats().allocations, 1U);
  EXPECT_EQ(fakes::cuda::pending_work(first_.get()), 0U);
}

// A caller drops a result while work of its own stream still reads it. The next call on that stream
// comes after that work; a call on another does not, and must not get the block.
TEST_F(BlockPoolTest, ABlockGoesBackToCallsOfItsOwnStreamOnly) {
  BlockPool pool(BlockKind::kDevice, 0);
  const void* address = nullptr;
  {
    const BlockRef block = pool.acquire(1000, called_, first_.get());
    address = block.get()->data();
    use(block, first_);
  }
  EXPECT_NE(pool.acquire(1000, none_, second_.get()).get()->data(), address);
  EXPECT_NE(pool.acquire(1000, {.stream = other_caller_.get()}, second_.get()).get()->data(),
            address);
  EXPECT_EQ(pool.acquire(1000, called_, second_.get()).get()->data(), address);
  finish(second_);
  finish(first_);
}

TEST_F(BlockPoolTest, KeepsNoMoreIdleBytesThanItMay) {
  BlockPool pool(BlockKind::kDevice, 0, 2048);
  std::vector<BlockRef> lent;
  for (int i = 0; i < 4; ++i) {
    lent.push_back(pool.acquire(1024, none_, nullptr));
  }
  const void* newest = lent.back().get()->data();
  lent.clear();
  EXPECT_EQ(pool.stats().idle_bytes, 2048U);
  EXPECT_EQ(live().device_blocks, 2U);
  EXPECT_EQ(pool.acquire(1024, none_, nullptr).get()->data(), newest);
}

TEST_F(BlockPoolTest, WhatStillRunsIsNotFreed) {
  BlockPool pool(BlockKind::kDevice, 0, 0);
  use(pool.acquire(1024, none_, first_.get()), first_);
  EXPECT_EQ(live().device_blocks, 1U);
  EXPECT_EQ(fakes::cuda::pending_work(first_.get()), 1U);
  finish(first_);
  static_cast<void>(pool.acquire(16, none_, nullptr));  // The next one that comes back looks.
  EXPECT_EQ(live().device_blocks, 0U);
}

TEST_F(BlockPoolTest, ShortMemoryFreesIdleBlocksAndTriesAgain) {
  BlockPool pool(BlockKind::kDevice, 0);
  use(pool.acquire(12288, none_, first_.get()), first_);
  const BlockRef block = pool.acquire(8192, none_, second_.get());
  EXPECT_TRUE(block);
  EXPECT_EQ(live().device_blocks, 1U);
  expect_error(ErrorCode::kOutOfMemory, {"cudaMalloc", "16384 bytes"},
               [&] { static_cast<void>(pool.acquire(16384, none_, nullptr)); });
  expect_error(ErrorCode::kOutOfMemory, {"cuda:0"},
               [&] { static_cast<void>(pool.acquire(SIZE_MAX - 1, none_, nullptr)); });
  EXPECT_EQ(pool.stats().lent_blocks, 1U);
}

TEST_F(BlockPoolTest, LentBlocksOutliveThePool) {
  std::optional<BlockPool> pool(std::in_place, BlockKind::kDevice, 0);
  BlockRef block = pool->acquire(100, none_, first_.get());
  static_cast<void>(pool->acquire(100, none_, first_.get()));
  use(block, first_);
  pool.reset();
  EXPECT_EQ(live().device_blocks, 1U);
  block = {};
  EXPECT_EQ(live().device_blocks, 0U);
  EXPECT_EQ(fakes::cuda::pending_work(first_.get()), 0U);  // It was waited for.
}

TEST_F(BlockPoolTest, TrimmedIdleBlocksAreWaitedFor) {
  BlockPool pool(BlockKind::kDevice, 0);
  use(pool.acquire(100, none_, first_.get()), first_);
  pool.trim();
  EXPECT_EQ(live().device_blocks, 0U);
  EXPECT_EQ(pool.stats().idle_bytes, 0U);
}

TEST_F(BlockPoolTest, AFailureWhileLendingLosesNothing) {
  BlockPool pool(BlockKind::kDevice, 0);
  use(pool.acquire(1000, none_, first_.get()), first_);
  fakes::cuda::fail_call("cudaStreamWaitEvent", 1);
  expect_error(ErrorCode::kModelRuntime, {"cudaStreamWaitEvent"},
               [&] { static_cast<void>(pool.acquire(1000, none_, second_.get())); });
  EXPECT_EQ(pool.stats().lent_blocks, 0U);
  EXPECT_EQ(pool.stats().idle_blocks, 1U);
  use(pool.acquire(1000, none_, second_.get()), second_);
  finish(second_);
}

TEST_F(BlockPoolTest, ManyThreadsShareIt) {
  BlockPool pool(BlockKind::kDevice, 0, 4096);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      const Stream stream = make_stream();
      for (int i = 0; i < 50; ++i) {
        const RunContext context{.stream = i % 2 == 0 ? nullptr : stream.get()};
        const BlockRef block = pool.acquire(1024, context, stream.get());
        use(block, stream);
        if (context.stream == nullptr) {
          finish(stream);
        }
      }
      finish(stream);
    });
  }
  threads.clear();
  EXPECT_EQ(pool.stats().lent_blocks, 0U);
}

}  // namespace
}  // namespace replayrt::cuda
