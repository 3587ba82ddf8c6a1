#include "models/preprocess/text_size.hpp"

#include <algorithm>
#include <cmath>

#include "models/package/inference_yml.hpp"
#include "models/size_text.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::models {
namespace {

constexpr std::int64_t kStep = 32;

double page_ratio(const TextDetectionConfig& config, ImageSize image) {
  using Limit = TextDetectionConfig::LimitType;
  const auto [shorter, longer] = std::minmax(image.height, image.width);
  const auto limit = static_cast<double>(config.limit_side_len);
  switch (config.limit_type) {
    case Limit::kMin:
      return std::max(limit / static_cast<double>(shorter), 1.0);
    case Limit::kMax:
      return std::min(limit / static_cast<double>(longer), 1.0);
    case Limit::kExactly:
      break;
  }
  return limit / static_cast<double>(longer);
}

std::int64_t page_side(std::int64_t side, double ratio) {
  const double steps = std::nearbyint(static_cast<double>(side) * ratio / kStep);
  return std::max(static_cast<std::int64_t>(steps) * kStep, kStep);
}

}  // namespace

ImageSize text_page_size(const TextDetectionConfig& config, ImageSize image,
                         const std::string& name) {
  const double ratio = page_ratio(config, image);
  const ImageSize size{page_side(image.height, ratio), page_side(image.width, ratio)};
  if (size.height > kMostPagePixels / size.width) {
    throw Error(ErrorCode::kModelInput,
                name + " is " + size_text(image) +
                    " pixels (height x width), which the package's limit_side_len makes " +
                    size_text(size) + " for the network: expected at most " +
                    std::to_string(kMostPagePixels) + " pixels then");
  }
  return size;
}

std::int64_t text_line_width(std::span<const ImageSize> images, ImageSize line) {
  const auto height = static_cast<double>(line.height);
  double widest = static_cast<double>(line.width) / height;
  for (const ImageSize& image : images) {
    widest = std::max(widest, static_cast<double>(image.width) / static_cast<double>(image.height));
  }
  const double width = std::min(std::ceil(height * widest), static_cast<double>(kMostLineWidth));
  return std::max(static_cast<std::int64_t>(width), line.width);
}

Placement place_text_line(ImageSize image, ImageSize canvas) {
  const double width =
      std::ceil(static_cast<double>(canvas.height) * static_cast<double>(image.width) /
                static_cast<double>(image.height));
  const auto most = static_cast<double>(canvas.width);
  return {.canvas = canvas,
          .source = {.size = image},
          .target = {.size = {canvas.height, static_cast<std::int64_t>(std::min(width, most))}}};
}

}  // namespace replayrt::models
