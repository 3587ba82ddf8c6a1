#pragma once

#include <cstdint>
#include <span>

#include "replayrt/core/engine.hpp"

namespace replayrt::detail {

/// The inputs of a call, and how they are ordered against the caller's device work.
struct LiveInputs {
  std::span<const TensorView> views;
  const RunContext& context;
  std::int64_t padding_elements = 0;  ///< Of all elements of `views`.
};

/// What a graph has answered to a call's inputs.
struct Answer {
  TensorList outputs{};
  RunReport report{};
};

}  // namespace replayrt::detail
