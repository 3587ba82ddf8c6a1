#pragma once

#include <exception>
#include <string>
#include <utility>

// What the C interfaces for Python's ctypes share: no exception leaves, the last one is told.

/// Of this thread.
inline thread_local std::string last_error;

/// 0, or 1 after an error, which `last_error` tells.
template <class Function>
int guarded(Function&& function) noexcept {
  try {
    std::forward<Function>(function)();
    return 0;
  } catch (const std::exception& error) {
    last_error = error.what();
  } catch (...) {
    last_error = "an exception that is no std::exception";
  }
  return 1;
}
