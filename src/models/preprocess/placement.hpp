#pragma once

#include "replayrt/models/model_package.hpp"
#include "replayrt/models/pre_processing.hpp"

namespace replayrt::models {

/// A part of a picture, in pixels from its upper left corner.
struct Region {
  std::int64_t left = 0;
  std::int64_t top = 0;
  ImageSize size{};

  friend bool operator==(const Region&, const Region&) = default;
};

/// Where a picture goes on the network's canvas: its part `source` is resized to `target.size` and
/// put at `target`; what is left of the canvas is border.
struct Placement {
  ImageSize canvas{};
  Region source{};
  Region target{};

  friend bool operator==(const Placement&, const Placement&) = default;
};

/// Sections 3.3 of the reference's behaviour, for the arrays of its users. Pure arithmetic; both
/// sizes are positive. A side never shrinks to nothing: it keeps one pixel, where the reference
/// fails.
Placement place(ResizeMode mode, ImageSize image, ImageSize wanted);

/// What the reference records of that placement. The original size and the crop are the caller's.
PreProcessingMetadata metadata_of(ResizeMode mode, ImageSize image, ImageSize wanted,
                                  const Placement& placement);

/// The crop in pixels: from the truncated lower to the truncated upper bound of both axes. It may
/// be empty.
Region crop_region(const ImagePreProcessing::StaticCrop& crop, ImageSize image);

/// The size at which the network is to run: `requested` rounded up to the package's divisor, the
/// training size if nothing is requested or the package does not support another, `image` if it has
/// none. Throws Error(kModelRuntime) if the package supports other sizes but does not say which.
ImageSize wanted_size(const NetworkInput& network, const std::optional<ImageSize>& requested,
                      ImageSize image);

}  // namespace replayrt::models
