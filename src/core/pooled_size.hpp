#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

namespace replayrt::detail {

// Which idle blocks a pool lends, and how large it makes new ones. For all pools of memory.

/// What a new block for `bytes` holds: rounded up in steps of an eighth of the leading power of
/// two, at least `alignment`, so that shapes that differ a little share blocks. `bytes` is at most
/// half the address space.
constexpr std::size_t pooled_bytes(std::size_t bytes, std::size_t alignment) noexcept {
  const std::size_t step = std::max(alignment, std::bit_floor(bytes) / 8);
  return std::max(step, (bytes + step - 1) / step * step);
}

/// Whether a block of `block_bytes` serves a request of `bytes` without much waste.
constexpr bool fits_well(std::size_t block_bytes, std::size_t bytes,
                         std::size_t alignment) noexcept {
  return block_bytes >= bytes && block_bytes - bytes <= bytes / 4 + alignment;
}

}  // namespace replayrt::detail
