#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace replayrt::models {

/// Text as a network reads it.
struct Reading {
  std::string text{};
  double confidence = 0;  ///< Mean score of the characters; 0 if there are none.
};

/// Decodes one line: `scores` holds, for each step from left to right, one score per class:
/// "nothing", the characters and a space. The best class of each step counts; repeats and "nothing"
/// are dropped.
Reading decode_ctc(std::span<const float> scores, std::span<const std::string> characters);

/// Position of the largest of `scores`, of equals the first; NaN never is. At least one score.
std::size_t largest(std::span<const float> scores);

}  // namespace replayrt::models
