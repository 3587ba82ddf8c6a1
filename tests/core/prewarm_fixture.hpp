#pragma once

#include <vector>

#include "core/watched_captures.hpp"

namespace replayrt {

class PrewarmTest : public WatchedCaptures {
 protected:
  static std::vector<InputSignature> signatures(const Rows& rows) {
    std::vector<InputSignature> made;
    for (const std::int64_t count : rows) {
      made.push_back({{DType::kF32, {count, 3}}});
    }
    return made;
  }
};

}  // namespace replayrt
