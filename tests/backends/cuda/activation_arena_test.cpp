#include "backends/cuda/activation_arena.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <optional>
#include <thread>
#include <vector>

#include "core/expect_error.hpp"
#include "fakes/cuda/fixture.hpp"

namespace replayrt::cuda {
namespace {

using fakes::cuda::launch_kernel;
using fakes::cuda::live;
using Seat = ActivationArena::Seat;

class ActivationArenaTest : public fakes::cuda::CudaTest {
 protected:
  ActivationArenaTest() : CudaTest({.devices = 2, .memory_bytes = 4096}) {}

  static std::size_t index_of(const Seat& seat) { return seat.slot().index; }
};

TEST_F(ActivationArenaTest, IsSlotsTimesOneBlock) {
  const auto arena = ActivationArena::create(1, 3, 1000);
  EXPECT_EQ(arena->slot_count(), 3U);
  EXPECT_EQ(arena->block_bytes(), 1000U);
  EXPECT_EQ(arena->bytes(), 3000U);
  EXPECT_EQ(fakes::cuda::memory_use(1).bytes, 3000U);
  EXPECT_EQ(live().streams, 3U);
  // However many sit in it.
  std::vector<Seat> seats;
  for (std::uint64_t group = 0; group < 20; ++group) {
    seats.push_back(ActivationArena::take_seat(arena, group));
    EXPECT_EQ(seats.back().slot().bytes, 1000U);
    EXPECT_NE(seats.back().slot().memory, nullptr);
  }
  EXPECT_EQ(fakes::cuda::memory_use(1).peak, 3000U);
}

TEST_F(ActivationArenaTest, AnEngineMayNeedNoMemory) {
  const auto arena = ActivationArena::create(0, 2, 0);
  EXPECT_EQ(arena->bytes(), 0U);
  EXPECT_EQ(ActivationArena::take_seat(arena, 0).slot().memory, nullptr);
}

TEST_F(ActivationArenaTest, ImpossibleArenasAreErrors) {
  expect_error(ErrorCode::kInvalidParameter, {"at least one slot"},
               [] { ActivationArena::create(0, 0, 10); });
  expect_error(ErrorCode::kOutOfMemory, {"cuda:0", "5 slots of 1000 bytes", "only for 4"},
               [] { ActivationArena::create(0, 5, 1000); });
  EXPECT_EQ(to_string(live()), "");
  expect_error(ErrorCode::kModelRuntime, {"cuda:9"}, [] { ActivationArena::create(9, 1, 10); });
}

TEST_F(ActivationArenaTest, SeatsOfOneGroupLieOnDifferentSlots) {
  const auto arena = ActivationArena::create(0, 2, 10);
  const Seat first = ActivationArena::take_seat(arena, 7);
  std::optional<Seat> second(ActivationArena::take_seat(arena, 8));
  EXPECT_NE(index_of(first), index_of(*second));  // The fewest seats.
  // Slot of `second` is as full as the other, but has none of group 7.
  const Seat third = ActivationArena::take_seat(arena, 7);
  EXPECT_EQ(index_of(third), index_of(*second));
  const Seat fourth = ActivationArena::take_seat(arena, 9);
  EXPECT_EQ(index_of(fourth), index_of(first));
  // Seats that end make room.
  second.reset();
  EXPECT_EQ(index_of(ActivationArena::take_seat(arena, 10)), index_of(third));
}

TEST_F(ActivationArenaTest, ASlotIsUsedByOneAtATimeInOrder) {
  const auto arena = ActivationArena::create(0, 1, 16);
  std::atomic<int> inside{0};
  std::atomic<bool> crowded{false};
  std::barrier start(4);
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        const Seat seat = ActivationArena::take_seat(arena, thread);
        start.arrive_and_wait();
        for (int i = 0; i < 50; ++i) {
          const ActivationArena::Use use = seat.use();
          crowded = crowded || ++inside > 1;
          // Two calls that belong together, as in one enqueue. The double finds overlap.
          const auto& slot = use.slot();
          EXPECT_EQ(launch_kernel(slot.stream, {"a", [] {}, {}, {{slot.memory, 16}}}), cudaSuccess);
          EXPECT_EQ(launch_kernel(slot.stream, {"b", [] {}, {{slot.memory, 16}}}), cudaSuccess);
          --inside;
        }
      });
    }
  }
  EXPECT_FALSE(crowded);
  EXPECT_EQ(fakes::cuda::pending_work(), 400U);
}

TEST_F(ActivationArenaTest, SlotsDoNotWaitForEachOther) {
  const auto arena = ActivationArena::create(0, 2, 16);
  const Seat first = ActivationArena::take_seat(arena, 0);
  const Seat second = ActivationArena::take_seat(arena, 0);
  const auto use = first.use();
  const auto other = second.use();  // Would never return.
  EXPECT_NE(use.slot().stream, other.slot().stream);
  EXPECT_NE(use.slot().memory, other.slot().memory);
}

TEST_F(ActivationArenaTest, LivesAsLongAsASeat) {
  auto arena = ActivationArena::create(0, 1, 16);
  std::optional<Seat> seat(ActivationArena::take_seat(arena, 0));
  arena.reset();
  EXPECT_EQ(live().device_blocks, 1U);
  const Seat moved = std::move(*seat);
  seat.reset();
  EXPECT_EQ(live().device_blocks, 1U);
  EXPECT_EQ(moved.slot().index, 0U);
}

TEST_F(ActivationArenaTest, WaitsForWorkThatAFailedCallLeft) {
  bool done = false;
  {
    const auto arena = ActivationArena::create(0, 1, 16);
    const Seat seat = ActivationArena::take_seat(arena, 0);
    const auto use = seat.use();
    ASSERT_EQ(launch_kernel(use.slot().stream,
                            {"left", [&] { done = true; }, {}, {{use.slot().memory, 16}}}),
              cudaSuccess);
  }
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace replayrt::cuda
