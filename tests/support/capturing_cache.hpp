#pragma once

#include <cstdint>
#include <memory>

#include "replayrt/core/graph_cache.hpp"

namespace replayrt {

/// A cache that captures every shape at its first call, whatever the backend prefers: for tests of
/// what captured graphs do rather than of when they are made.
inline std::shared_ptr<GraphCache> capturing_cache(
    std::int64_t capacity, std::int64_t max_bytes = GraphCacheOptions::kUnbounded) {
  return std::make_shared<GraphCache>(GraphCacheOptions{
      .capacity = capacity, .max_bytes = max_bytes, .admission = Admission::always()});
}

}  // namespace replayrt
