#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

#include "replayrt/models/model_package.hpp"
#include "replayrt/models/pre_processing.hpp"

namespace replayrt::models {

/// A picture on its way to the network.
struct Picture {
  cv::Mat pixels{};  ///< CV_8UC3; a view of the caller's image as long as no step had to change it.
  ColorFormat color = ColorFormat::kBgr;
  ImageSize original_size{};
  PreProcessingMetadata::StaticCropOffset crop{};

  [[nodiscard]] ImageSize size() const { return {pixels.rows, pixels.cols}; }
};

/// The steps before the resize, in the reference's order: orientation, static crop, greyscale,
/// contrast. `name` is what messages call the image. Throws Error(kModelInput) for an image that is
/// none or of which the crop leaves nothing.
Picture prepare_picture(const ImageView& image, const ImagePreProcessing& steps,
                        const PreProcessingOverrides& overrides, const std::string& name);

}  // namespace replayrt::models
