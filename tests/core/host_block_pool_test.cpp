#include "core/host_block_pool.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <thread>
#include <vector>

namespace replayrt {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST(HostBlockPool, BlocksAreAlignedAndLargeEnough) {
  HostBlockPool pool;
  for (const std::size_t bytes : {0UL, 1UL, 63UL, 64UL, 65UL, 1000UL, 100000UL, 3 * kMiB + 1}) {
    const BlockRef block = pool.acquire(bytes);
    EXPECT_GE(block.get()->bytes(), bytes);
    EXPECT_LE(block.get()->bytes(), bytes + bytes / 8 + HostBlockPool::kAlignment);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.get()->data()) % HostBlockPool::kAlignment,
              0U);
    std::memset(block.get()->data(), 0x5a, block.get()->bytes());
  }
}

TEST(HostBlockPool, AnIdleBlockThatFitsIsUsedAgain) {
  HostBlockPool pool;
  const void* data = pool.acquire(1000).get()->data();
  EXPECT_EQ(pool.stats().idle_blocks, 1U);
  EXPECT_EQ(pool.acquire(1000).get()->data(), data);
  EXPECT_EQ(pool.acquire(960).get()->data(), data) << "a little smaller is no reason for a new one";
  EXPECT_EQ(pool.stats().allocations, 1U);
  const BlockRef small = pool.acquire(100);
  EXPECT_NE(small.get()->data(), data) << "too much would be wasted";
  const BlockRef large = pool.acquire(2000);
  EXPECT_NE(large.get()->data(), data);
  EXPECT_EQ(pool.stats().allocations, 3U);
  EXPECT_EQ(pool.stats().lent_blocks, 2U);
}

TEST(HostBlockPool, ALargeRequestTakesTheSmallestIdleBlockThatFits) {
  HostBlockPool pool;
  BlockRef larger = pool.acquire(40 * kMiB);
  BlockRef large = pool.acquire(20 * kMiB);
  const void* const data = large.get()->data();
  large = BlockRef();
  larger = BlockRef();  // The most recently used one.
  EXPECT_EQ(pool.acquire(2 * kMiB).get()->data(), data);
  EXPECT_EQ(pool.stats().allocations, 2U);
  EXPECT_EQ(pool.acquire(kMiB / 2).get()->bytes(), kMiB / 2) << "a small one wastes none of it";
  EXPECT_EQ(pool.stats().allocations, 3U);
}

TEST(HostBlockPool, ALentBlockIsNobodyElses) {
  HostBlockPool pool;
  const BlockRef first = pool.acquire(100);
  BlockRef second = pool.acquire(100);
  EXPECT_NE(first.get()->data(), second.get()->data());
  const BlockRef shared = second;
  second = BlockRef();
  EXPECT_NE(pool.acquire(100).get()->data(), shared.get()->data()) << "one owner is left";
}

TEST(HostBlockPool, TheMostRecentlyUsedBlockComesBackFirst) {
  HostBlockPool pool;
  std::vector<BlockRef> blocks;
  for (int i = 0; i < 3; ++i) {
    blocks.push_back(pool.acquire(512));
  }
  const void* last = blocks[1].get()->data();
  blocks.erase(blocks.begin() + 2);
  blocks.erase(blocks.begin());
  blocks.clear();
  EXPECT_EQ(pool.acquire(512).get()->data(), last);
}

TEST(HostBlockPool, IdleBytesStayBelowTheCapAndTheOldestGoesFirst) {
  HostBlockPool pool(10 * 1024);
  std::vector<BlockRef> blocks;
  for (int i = 0; i < 5; ++i) {
    blocks.push_back(pool.acquire(4096));
  }
  const void* const newest = blocks.back().get()->data();
  while (!blocks.empty()) {
    blocks.erase(blocks.begin());
    EXPECT_LE(pool.stats().idle_bytes, 10U * 1024);
  }
  EXPECT_EQ(pool.stats().idle_blocks, 2U);
  EXPECT_EQ(pool.acquire(4096).get()->data(), newest);
  { const BlockRef too_large = pool.acquire(20 * 1024); }
  EXPECT_EQ(pool.stats().idle_blocks, 2U) << "what can never be kept pushes nothing out";
}

TEST(HostBlockPool, NoIdleBytesMeansNothingIsKept) {
  HostBlockPool pool(0);
  { const BlockRef block = pool.acquire(100); }
  EXPECT_EQ(pool.stats().idle_blocks, 0U);
  EXPECT_EQ(pool.stats().lent_blocks, 0U);
}

TEST(HostBlockPool, BlocksMayOutliveThePool) {
  BlockRef survivor;
  {
    HostBlockPool pool;
    survivor = pool.acquire(256);
    const BlockRef idle = pool.acquire(256);
  }
  std::memset(survivor.get()->data(), 1, 256);
  const BlockRef copy = survivor;
  survivor = BlockRef();
  EXPECT_EQ(static_cast<const unsigned char*>(copy.get()->data())[255], 1);
}

TEST(HostBlockPool, MoreThanThereIsIsAnErrorThatSaysHowMuch) {
  HostBlockPool pool;
  for (const std::size_t bytes :
       {std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max() / 2 - 8,
        std::numeric_limits<std::size_t>::max() / 4}) {
    try {
      static_cast<void>(pool.acquire(bytes));
      ADD_FAILURE() << bytes;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kOutOfMemory);
      EXPECT_NE(std::string(error.what()).find(std::to_string(bytes)), std::string::npos);
    }
  }
  EXPECT_EQ(pool.stats().lent_blocks, 0U);
  EXPECT_EQ(pool.stats().allocations, 0U);
}

TEST(HostBlockPool, ThreadsShareIt) {
  HostBlockPool pool(256 * 1024);
  {
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        std::mt19937 random(thread);
        std::vector<BlockRef> held(8);
        for (int i = 0; i < 3000; ++i) {
          BlockRef& slot = held[random() % held.size()];
          slot = pool.acquire(64 + random() % 40000);
          std::memset(slot.get()->data(), static_cast<int>(thread), 64);
          for (const BlockRef& other : held) {
            if (other) {
              ASSERT_EQ(*static_cast<const unsigned char*>(other.get()->data()), thread);
            }
          }
        }
      });
    }
  }
  EXPECT_EQ(pool.stats().lent_blocks, 0U);
  EXPECT_LE(pool.stats().idle_bytes, 256U * 1024);
}

TEST(HostMemory, AllocatesCopiesAndClears) {
  HostBlockPool pool;
  HostMemory memory(pool);
  const Tensor tensor = memory.allocate(DType::kI32, Shape{2, 3}, {}, {});
  EXPECT_EQ(tensor.shape(), Shape({2, 3}));
  EXPECT_EQ(tensor.dtype(), DType::kI32);
  const std::vector<std::int32_t> values = {1, 2, 3, 4, 5, 6};
  memory.copy(tensor.data(), values.data(), tensor.bytes(), {});
  EXPECT_EQ(tensor.as<std::int32_t>()[5], 6);
  memory.fill_zero(static_cast<std::int32_t*>(tensor.data()) + 3, 12, {});
  EXPECT_EQ(tensor.as<std::int32_t>()[2], 3);
  EXPECT_EQ(tensor.as<std::int32_t>()[5], 0);
  memory.copy(nullptr, nullptr, 0, {});
  memory.fill_zero(nullptr, 0, {});
  EXPECT_EQ(memory.allocate(DType::kF32, Shape{0, 4}, {}, {}).bytes(), 0U);
  EXPECT_EQ(pool.stats().lent_blocks, 1U);
}

}  // namespace
}  // namespace replayrt
