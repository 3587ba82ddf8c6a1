#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <span>
#include <string>

#include "replayrt/models/image.hpp"
#include "replayrt/models/model_package.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::cli {

/// Blue, green and red of a class: the same in every picture and run, and told apart from those of
/// the classes near it.
std::array<std::uint8_t, 3> class_color(std::int64_t class_id) noexcept;

/// What a prediction is drawn with.
struct Legend {
  std::span<const std::string> class_names;        ///< By class id; others get their number.
  std::span<const KeyPointsOfClass> key_points{};  ///< By class id: whose points are connected.
  /// Of segmentations: a class that is not drawn.
  std::optional<std::int64_t> background{};
};

/// A copy of `picture`, which is BGR, with the prediction drawn on it: boxes with class and
/// confidence, masks, key points and what connects them, the classes or the text of the whole
/// picture, a colour per pixel of a segmentation and the largest classes by name, the depth in
/// place of the picture: from blue, the least, to red (pixels of depth 0, which no network has
/// seen, stay). Lines and letters grow with the picture.
cv::Mat annotated(const Image& picture, const Prediction& prediction, const Legend& legend);

}  // namespace replayrt::cli
