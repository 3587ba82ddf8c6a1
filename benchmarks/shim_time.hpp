#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

// Times are taken in C++: what ctypes adds to a call is no part of them.

/// What `function` gives, and how long it took.
template <class Function>
auto timed(std::int64_t& nanoseconds, Function&& function) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  auto result = std::forward<Function>(function)();
  nanoseconds = std::chrono::nanoseconds(Clock::now() - start).count();
  return result;
}
