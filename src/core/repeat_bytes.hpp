#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

namespace replayrt::detail {

/// Fills host memory with `pattern` again and again; its size divides `bytes`.
inline void repeat_bytes(void* to, std::size_t bytes, std::span<const std::byte> pattern) noexcept {
  if (bytes == 0) {
    return;
  }
  auto* const begin = static_cast<std::byte*>(to);
  std::memcpy(begin, pattern.data(), pattern.size());
  for (std::size_t done = pattern.size(); done < bytes; done *= 2) {
    std::memcpy(begin + done, begin, std::min(done, bytes - done));
  }
}

}  // namespace replayrt::detail
