#include "callers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>
#include <stdexcept>

namespace replayrt::cli {
namespace {

TEST(Callers, RunTheWorkOnEveryThreadAtOnceAndKeepTheThreads) {
  constexpr int kCount = 3;
  Callers callers(kCount);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::set<std::size_t> numbers;
  for (int round = 0; round < 4; ++round) {
    std::latch together(kCount);  // Would wait for ever if they came one after the other.
    const double seconds = callers.run([&](std::size_t caller) {
      together.arrive_and_wait();
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
      numbers.insert(caller);
    });
    EXPECT_GE(seconds, 0);
  }
  EXPECT_EQ(threads.size(), kCount);
  EXPECT_THAT(numbers, testing::ElementsAre(0, 1, 2));
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST(Callers, RethrowWhatOneThrewAndGoOn) {
  Callers callers(2);
  std::atomic<int> calls{0};
  const auto work = [&](std::size_t /*caller*/) {
    if (calls++ == 0) {
      throw std::runtime_error("broken");
    }
  };
  EXPECT_THROW(callers.run(work), std::runtime_error);
  EXPECT_EQ(calls, 2);
  callers.run(work);
  EXPECT_EQ(calls, 4);
}

TEST(Callers, MayEndWithoutAnyWork) {
  const Callers callers(2);
}

}  // namespace
}  // namespace replayrt::cli
