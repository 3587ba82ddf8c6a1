#include "backends/cuda/capture_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/expect_error.hpp"

namespace replayrt::cuda {
namespace {

TEST(CaptureGate, LetsOneInPerDevice) {
  std::atomic<int> inside{0};
  std::atomic<bool> crowded{false};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
          const auto permit = enter_capture(0);
          crowded = crowded || ++inside > 1;
          std::this_thread::yield();
          --inside;
        }
      });
    }
  }
  EXPECT_FALSE(crowded);
}

TEST(CaptureGate, DevicesDoNotWaitForEachOther) {
  const auto first = enter_capture(0);
  const auto second = enter_capture(1);  // Would never return.
  expect_error(ErrorCode::kInvalidParameter, {"cuda:-1"},
               [] { static_cast<void>(enter_capture(-1)); });
}

}  // namespace
}  // namespace replayrt::cuda
