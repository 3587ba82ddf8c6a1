#pragma once

#include "replayrt/core/engine.hpp"

namespace replayrt::detail {

// For whoever only needs to know that device work is over: its failure, if any, belongs to the call
// that started it.

inline bool is_over(const Completion& completion) noexcept {
  try {
    return completion.done();
  } catch (...) {
    return true;
  }
}

inline void wait_until_over(const Completion& completion) noexcept {
  try {
    completion.wait();
  } catch (...) {  // NOLINT(bugprone-empty-catch)
  }
}

}  // namespace replayrt::detail
