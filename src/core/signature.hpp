#pragma once

#include <algorithm>

#include "replayrt/core/graph_key.hpp"

namespace replayrt::detail {

/// Whether an input is read at an address of the caller's: it means nothing to another call.
inline bool has_address(const InputSignature& signature) noexcept {
  return std::ranges::any_of(signature, [](const auto& input) { return input.address != nullptr; });
}

}  // namespace replayrt::detail
