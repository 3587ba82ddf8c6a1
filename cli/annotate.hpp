#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <span>
#include <string>

#include "replayrt/models/image.hpp"
#include "replayrt/models/model_package.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::cli {

/// What a prediction is drawn with.
struct Legend {
  std::span<const std::string> class_names;        ///< By class id; others get their number.
  std::span<const KeyPointsOfClass> key_points{};  ///< By class id: whose points are connected.
  /// Of segmentations: a class that is not drawn.
  std::optional<std::int64_t> background{};
};

/// A copy of `picture`, which is BGR, with the prediction drawn on it: boxes with class and
/// confidence, masks and their edges, key points and what connects them, regions of text with their
/// confidence, the classes of the whole picture, a colour per pixel of a segmentation and the
/// largest classes by name, the depth in place of the picture: from blue, the least, to red (pixels
/// of depth 0, which no network has seen, stay). Text that was read stands in a band above the
/// picture. Lines and letters grow with the picture; one that is too small for letters is enlarged,
/// by a whole factor. Of labels that meet, the most confident is on top; regions of text for whose
/// label there is no room have none.
cv::Mat annotated(const Image& picture, const Prediction& prediction, const Legend& legend);

}  // namespace replayrt::cli
