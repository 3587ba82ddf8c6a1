#include "backends/openvino/core_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace replayrt::openvino {
namespace {

using namespace std::chrono_literals;

TEST(CoreGate, GivesNoMorePermitsThanThereAreCores) {
  CoreGate gate(3);
  std::atomic<int> held{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread) {
      threads.emplace_back([&, count = thread % 3 + 1] {
        for (int i = 0; i < 200; ++i) {
          const CoreGate::Permit permit = gate.acquire(static_cast<std::size_t>(count));
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

TEST(CoreGate, WhoWantsMoreThanAllGetsAll) {
  CoreGate gate(2);
  {
    const CoreGate::Permit permit = gate.acquire(64);
    EXPECT_EQ(gate.peak(), 2U);
  }
  const CoreGate::Permit none = gate.acquire(0);
  EXPECT_EQ(gate.peak(), 2U);
}

TEST(CoreGate, SmallRunsDoNotOvertakeABigOneThatWaits) {
  CoreGate gate(2);
  std::optional<CoreGate::Permit> first(gate.acquire(1));
  std::atomic<int> order{0};
  std::atomic<int> big{0};
  std::atomic<int> small{0};
  std::jthread big_thread([&] {
    const CoreGate::Permit permit = gate.acquire(2);
    big = ++order;
  });
  std::this_thread::sleep_for(50ms);
  std::jthread small_thread([&] {
    const CoreGate::Permit permit = gate.acquire(1);  // One is free, but the big run came first.
    small = ++order;
  });
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(order, 0);
  first.reset();
  big_thread.join();
  small_thread.join();
  EXPECT_LT(big, small);
}

TEST(CoreGate, ProcessHasAtLeastOneCore) {
  EXPECT_GE(process_cores(), 1U);
  EXPECT_EQ(CoreGate::process().cores(), process_cores());
}

}  // namespace
}  // namespace replayrt::openvino
