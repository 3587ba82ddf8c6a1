#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <latch>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/fake_calls.hpp"
#include "core/fake_clock.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {

using Rows = std::vector<std::int64_t>;

/// Fakes that note in which order they are captured, and can be held up in it.
class WatchedCaptures : public testing::Test {
 protected:
  static constexpr std::int64_t kBlocked = 7;  ///< The capture of so many rows blocks.

  WatchedCaptures() {
    options_.on_capture = [this](const InputSignature& signature) {
      const std::int64_t rows = signature[0].shape[0];
      {
        const std::lock_guard lock(mutex_);
        order_.push_back(rows);
      }
      clock_.advance(capture_time_);
      if (rows == kBlocked) {
        gate_.wait();
      }
    };
    set_log_sink({}, LogLevel::kOff);
  }
  ~WatchedCaptures() override {
    if (!gate_.try_wait()) {
      open();
    }
    set_log_sink({}, LogLevel::kWarning);
  }

  // The clock stands still unless a test says otherwise: captures take no time, so the thread never
  // rests.
  std::shared_ptr<GraphCache> make_cache(GraphCacheOptions options = {}) {
    options.clock = clock_.clock();
    return std::make_shared<GraphCache>(options);
  }
  void open() { gate_.count_down(); }
  void wait_until_capturing() {
    while (options_.counters->capturing == 0) {
      std::this_thread::yield();
    }
  }
  Rows order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }

  FakeClock clock_;
  std::chrono::nanoseconds capture_time_{0};
  std::latch gate_{1};
  std::mutex mutex_;
  Rows order_;
  fakes::FakeOptions options_;
};

}  // namespace replayrt
