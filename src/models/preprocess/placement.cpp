#include "models/preprocess/placement.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "models/size_text.hpp"
#include "replayrt/core/error.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::models {
namespace {

std::int64_t truncated(double value) {
  return static_cast<std::int64_t>(value);
}

std::int64_t at_least_one(std::int64_t pixels) {
  return std::max<std::int64_t>(pixels, 1);
}

double ratio(std::int64_t to, std::int64_t from) {
  return static_cast<double>(to) / static_cast<double>(from);
}

double letterbox_scale(ImageSize image, ImageSize wanted) {
  return std::min(ratio(wanted.width, image.width), ratio(wanted.height, image.height));
}

Placement whole(ImageSize image, ImageSize wanted) {
  return {.canvas = wanted, .source = {.size = image}, .target = {.size = wanted}};
}

Placement letterbox(ImageSize image, ImageSize wanted) {
  const double scale = letterbox_scale(image, wanted);
  const ImageSize size{at_least_one(truncated(static_cast<double>(image.height) * scale)),
                       at_least_one(truncated(static_cast<double>(image.width) * scale))};
  return {.canvas = wanted,
          .source = {.size = image},
          .target = {(wanted.width - size.width) / 2, (wanted.height - size.height) / 2, size}};
}

Placement center_crop(ImageSize image, ImageSize wanted) {
  const auto middle = [](std::int64_t outer, std::int64_t inner) {
    return std::max<std::int64_t>(outer - inner, 0) / 2;
  };
  const ImageSize size{std::min(image.height, wanted.height), std::min(image.width, wanted.width)};
  return {.canvas = wanted,
          .source = {middle(image.width, wanted.width), middle(image.height, wanted.height), size},
          .target = {middle(wanted.width, image.width), middle(wanted.height, image.height), size}};
}

Placement fit_longer_edge(ImageSize image, ImageSize wanted) {
  const double across = ratio(wanted.width, image.width);
  const double down = ratio(wanted.height, image.height);
  // nearbyint: halves go to the even neighbour, as Python rounds.
  const ImageSize size =
      across < down
          ? ImageSize{at_least_one(
                          truncated(std::nearbyint(across * static_cast<double>(image.height)))),
                      wanted.width}
          : ImageSize{
                wanted.height,
                at_least_one(truncated(std::nearbyint(down * static_cast<double>(image.width))))};
  return whole(image, size);
}

std::int64_t rounded_up(std::int64_t value, std::int64_t divisor) {
  return (value + divisor - 1) / divisor * divisor;
}

}  // namespace

Placement place(ResizeMode mode, ImageSize image, ImageSize wanted) {
  switch (mode) {
    case ResizeMode::kStretch:
      return whole(image, wanted);
    case ResizeMode::kLetterbox:
    case ResizeMode::kLetterboxReflectEdges:
      return letterbox(image, wanted);
    case ResizeMode::kCenterCrop:
      return center_crop(image, wanted);
    case ResizeMode::kFitLongerEdge:
      return fit_longer_edge(image, wanted);
  }
  throw Error(ErrorCode::kInvalidParameter, "unknown resize mode");
}

PreProcessingMetadata metadata_of(ResizeMode mode, ImageSize image, ImageSize wanted,
                                  const Placement& placement) {
  PreProcessingMetadata metadata;
  metadata.size_after_pre_processing = image;
  metadata.inference_size = placement.canvas;
  const Region& source = placement.source;
  const Region& target = placement.target;
  // Positive: border of the canvas. Negative: cut off the picture.
  metadata.pad_left = target.left - source.left;
  metadata.pad_top = target.top - source.top;
  metadata.pad_right = (placement.canvas.width - target.left - target.size.width) -
                       (image.width - source.left - source.size.width);
  metadata.pad_bottom = (placement.canvas.height - target.top - target.size.height) -
                        (image.height - source.top - source.size.height);
  switch (mode) {
    case ResizeMode::kLetterbox:
    case ResizeMode::kLetterboxReflectEdges:
      // The exact ratio, not that of the truncated sides.
      metadata.scale_width = metadata.scale_height = letterbox_scale(image, wanted);
      break;
    case ResizeMode::kCenterCrop:
      break;
    case ResizeMode::kStretch:
    case ResizeMode::kFitLongerEdge:
      metadata.scale_width = ratio(target.size.width, image.width);
      metadata.scale_height = ratio(target.size.height, image.height);
      break;
  }
  return metadata;
}

Region crop_region(const ImagePreProcessing::StaticCrop& crop, ImageSize image) {
  const auto pixel = [](std::int64_t percent, std::int64_t side) {
    return truncated(static_cast<double>(percent) / 100 * static_cast<double>(side));
  };
  const std::int64_t left = pixel(crop.x_min, image.width);
  const std::int64_t top = pixel(crop.y_min, image.height);
  return {
      left, top, {pixel(crop.y_max, image.height) - top, pixel(crop.x_max, image.width) - left}};
}

ImageSize wanted_size(const NetworkInput& network, const std::optional<ImageSize>& requested,
                      ImageSize image) {
  const ImageSize trained = network.training_input_size;
  if (!requested.has_value()) {
    return trained == ImageSize{} ? image : trained;
  }
  if (*requested == trained) {
    return trained;
  }
  if (!network.dynamic_spatial_size.supported) {
    log(LogLevel::kWarning, "image_size " + size_text(*requested) +
                                " is ignored: the model runs at " + size_text(trained) + " only");
    return trained;
  }
  const std::int64_t divisor = network.dynamic_spatial_size.divisor;
  if (divisor < 1) {
    throw Error(
        ErrorCode::kModelRuntime,
        "image_size: the package supports sizes other than its training size, but "
        "inference_config.json: network_input.dynamic_spatial_size_mode does not say which");
  }
  return {rounded_up(requested->height, divisor), rounded_up(requested->width, divisor)};
}

}  // namespace replayrt::models
