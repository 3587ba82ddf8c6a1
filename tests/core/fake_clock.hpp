#pragma once

#include <atomic>
#include <chrono>

#include "replayrt/core/graph_cache_options.hpp"

namespace replayrt {

/// A clock that only a test moves. Thread-safe; outlives the caches it is given to.
class FakeClock {
 public:
  void advance(std::chrono::nanoseconds time) { now_ += time.count(); }
  [[nodiscard]] std::chrono::nanoseconds now() const { return std::chrono::nanoseconds(now_); }
  [[nodiscard]] Clock clock() {
    return [this] { return std::chrono::steady_clock::time_point(now()); };
  }

 private:
  std::atomic<std::int64_t> now_{std::chrono::nanoseconds(std::chrono::hours(1)).count()};
};

}  // namespace replayrt
