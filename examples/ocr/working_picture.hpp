#pragma once

#include <opencv2/core.hpp>

#include "text_line.hpp"

namespace ocr {

/// A picture in the size and frame in which text is looked for, and the way back.
struct WorkingPicture {
  cv::Mat pixels;  ///< BGR. Shares memory with the source if nothing had to change.
  cv::Size original;
  double ratio_x = 1.0;  ///< Original pixels per working pixel.
  double ratio_y = 1.0;
  int top = 0;  ///< Rows of black added above, and as many below.

  /// The same box in the original picture, cut at its edges.
  [[nodiscard]] Quad to_original(const Quad& box) const;
};

/// Shrinks pictures with a side above 2000 pixels, enlarges those with one below 30, and gives flat
/// ones a black border above and below, narrow ones one on the right. Throws
/// replayrt::Error(kInvalidParameter) if `bgr` is empty, not 8-bit BGR, or so narrow that no text
/// can be in it.
WorkingPicture prepare_picture(const cv::Mat& bgr);

}  // namespace ocr
