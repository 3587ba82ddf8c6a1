#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "replayrt/core/tensor.hpp"
#include "replayrt/models/image.hpp"

namespace replayrt {

/// Steps of a package's pre-processing that a call leaves out.
struct PreProcessingOverrides {
  bool disable_contrast_enhancement = false;
  bool disable_grayscale = false;
  bool disable_static_crop = false;
};

/// How an image became the network's input: the reference's record of the same name. All in pixels.
struct PreProcessingMetadata {
  std::int64_t pad_left = 0;  ///< Negative: so much was cut off.
  std::int64_t pad_top = 0;
  std::int64_t pad_right = 0;
  std::int64_t pad_bottom = 0;
  ImageSize original_size{};              ///< As it was given, upright.
  ImageSize size_after_pre_processing{};  ///< After the static crop.
  ImageSize inference_size{};
  double scale_width = 1;
  double scale_height = 1;
  struct StaticCropOffset {
    std::int64_t offset_x = 0;
    std::int64_t offset_y = 0;
    std::int64_t crop_width = 0;
    std::int64_t crop_height = 0;
    friend bool operator==(const StaticCropOffset&, const StaticCropOffset&) = default;
  } static_crop_offset;
  /// RF-DETR's size between its two resizes.
  std::optional<ImageSize> nonsquare_intermediate_size{};

  friend bool operator==(const PreProcessingMetadata&, const PreProcessingMetadata&) = default;
};

/// A batch of images as the network takes it.
struct PreProcessedImages {
  /// (n, 3, height, width) f32, or (n, height, width, 3) u8 if pre-processing is fused.
  Tensor images;
  std::vector<PreProcessingMetadata> metadata{};  ///< One per image.
};

}  // namespace replayrt
