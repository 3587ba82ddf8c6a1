#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// A region of text.
struct TextBox {
  /// (x, y), clockwise from the top left one.
  std::array<std::array<std::int32_t, 2>, 4> corners{};
  double score = 0;  ///< Mean probability within the region as the network shows it.
};

/// The regions of text in a map of probabilities (`map` pixels, row by row), scaled to a picture of
/// `picture` pixels, in the order in which they are found (differentiable binarization). Throws
/// Error(kOutOfMemory, kModelRuntime) as OpenCV does.
std::vector<TextBox> find_text_boxes(std::span<const float> probability, ImageSize map,
                                     ImageSize picture, const TextDetectionConfig& config);

}  // namespace replayrt::models
