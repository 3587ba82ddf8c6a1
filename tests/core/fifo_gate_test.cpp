#include "core/fifo_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace replayrt::detail {
namespace {

void await_waiting(const FifoGate& gate, std::size_t threads) {
  while (gate.waiting() < threads) {
    std::this_thread::yield();
  }
}

TEST(FifoGate, GivesNoMorePermitsThanThereAre) {
  FifoGate gate(3);
  std::atomic<int> held{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread) {
      threads.emplace_back([&, count = thread % 3 + 1] {
        for (int i = 0; i < 200; ++i) {
          const FifoGate::Permit permit = gate.acquire(static_cast<std::size_t>(count));
          const int now = held += count;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          std::this_thread::yield();
          held -= count;
        }
      });
    }
  }
  EXPECT_LE(most, 3);
  EXPECT_EQ(held, 0);
  EXPECT_EQ(gate.peak(), 3U);
}

TEST(FifoGate, WhoWantsMoreThanAllGetsAll) {
  FifoGate gate(2);
  {
    const FifoGate::Permit permit = gate.acquire(64);
    EXPECT_EQ(gate.peak(), 2U);
  }
  const FifoGate::Permit none = gate.acquire(0);
  EXPECT_EQ(gate.peak(), 2U);
}

TEST(FifoGate, SmallOnesDoNotOvertakeABigOneThatWaits) {
  FifoGate gate(2);
  std::optional<FifoGate::Permit> first(gate.acquire(1));
  std::atomic<int> order{0};
  std::atomic<int> big{0};
  std::atomic<int> small{0};
  std::jthread big_thread([&] {
    const FifoGate::Permit permit = gate.acquire(2);
    big = ++order;
  });
  await_waiting(gate, 1);
  std::jthread small_thread([&] {
    const FifoGate::Permit permit = gate.acquire(1);  // One is free, but the big one came first.
    small = ++order;
  });
  await_waiting(gate, 2);
  EXPECT_EQ(order, 0);
  first.reset();
  big_thread.join();
  small_thread.join();
  EXPECT_LT(big, small);
}

}  // namespace
}  // namespace replayrt::detail
