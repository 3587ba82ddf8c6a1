#pragma once

#include <opencv2/core/mat.hpp>

#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// Enhances the contrast of `image` (CV_8UC3, any step) in place, to the very bytes that the
/// reference's `apply_*_to_numpy_image` give with scikit-image 0.25 and NumPy 2:
/// - kAdaptiveEqualization: equalize_adaptively(), see adaptive_equalization.hpp;
/// - kContrastStretching: `rescale_intensity` from the 2nd and 98th percentile to [0, 255];
/// - kHistogramEqualization: `equalize_hist` with 256 bins.
/// The last two take all values of all channels together. Where scikit-image raises, for an image
/// without pixels, nothing happens. Throws cv::Exception for another type of image. Thread-safe as
/// long as nothing else uses the image.
void enhance_contrast(cv::Mat& image, ContrastType type);

}  // namespace replayrt::models
