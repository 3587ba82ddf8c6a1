#pragma once

#include <opencv2/core/mat.hpp>

namespace replayrt::models {

/// Equalises the brightness of `image` (CV_8UC3, any step) by the neighbourhood of each pixel, in
/// place: contrast limited adaptive histogram equalisation (K. Zuiderveld, Graphics Gems IV, 1994)
/// of the V of HSV, to the very bytes that the reference gets from scikit-image 0.25 and NumPy 2 by
/// `equalize_adapthist(image.astype(float32) / 255, clip_limit=0.03) * 255`, truncated.
///
/// Channel 0 is taken for red, whichever it is. Tiles are an eighth of each side, at least one
/// pixel. Where scikit-image raises, for an image without pixels, nothing happens. Throws
/// cv::Exception for another type of image. Thread-safe as long as nothing else uses the image.
void equalize_adaptively(cv::Mat& image);

}  // namespace replayrt::models
