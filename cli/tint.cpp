#include "tint.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

namespace replayrt::cli {
namespace {

constexpr double kOpacity = 0.45;

bool covers(ImageSize map, const cv::Mat& page) {
  return map == ImageSize{page.rows, page.cols};
}

void blend(std::uint8_t* pixel, const std::array<std::uint8_t, 3>& color) {
  for (std::size_t c = 0; c < color.size(); ++c) {
    pixel[c] =
        static_cast<std::uint8_t>(std::lround((1 - kOpacity) * pixel[c] + kOpacity * color[c]));
  }
}

}  // namespace

std::array<std::uint8_t, 3> class_color(std::int64_t class_id) noexcept {
  // Steps of the golden ratio: neighbours lie far apart, and no hue comes twice.
  constexpr double kStep = 0.618033988749895;
  const double turn = static_cast<double>(class_id) * kStep;
  const double hue = (turn - std::floor(turn)) * 6;
  // Three rings of brightness tell hues apart that are near each other.
  constexpr std::array<double, 3> kValues = {1.0, 0.75, 0.9};
  constexpr std::array<double, 3> kSaturations = {0.8, 0.9, 0.5};
  const auto ring = static_cast<std::size_t>(((class_id % 3) + 3) % 3);
  const double value = kValues[ring];
  const auto channel = [&](double at) {
    const double k = std::fmod(at + hue, 6.0);
    const double ramp = std::clamp(std::min(k, 4 - k), 0.0, 1.0);
    return static_cast<std::uint8_t>(std::lround(255 * value * (1 - kSaturations[ring] * ramp)));
  };
  return {channel(1), channel(3), channel(5)};
}

std::vector<std::vector<cv::Point>> tint_mask(cv::Mat& page, const RleMask& mask,
                                              const std::array<std::uint8_t, 3>& color) {
  std::vector<std::vector<cv::Point>> edges;
  std::vector<std::uint8_t> pixels = mask.decode();
  if (pixels.empty()) {
    return edges;
  }
  const cv::Mat given(static_cast<int>(mask.size.height), static_cast<int>(mask.size.width),
                      CV_8UC1, pixels.data());
  cv::Mat set = given;
  if (!covers(mask.size, page)) {
    cv::resize(given, set, page.size(), 0, 0, cv::INTER_NEAREST);
  }
  for (int y = 0; y < page.rows; ++y) {
    const std::uint8_t* const is_set = set.ptr<std::uint8_t>(y);
    for (int x = 0; x < page.cols; ++x) {
      if (is_set[x] != 0) {
        blend(page.ptr<std::uint8_t>(y, x), color);
      }
    }
  }
  cv::findContours(set, edges, cv::RETR_LIST, cv::CHAIN_APPROX_SIMPLE);
  return edges;
}

void tint_segments(cv::Mat& page, const SemanticSegmentationResult& found,
                   std::optional<std::int64_t> background) {
  if (!covers(found.size, page)) {
    return;
  }
  for (std::size_t pixel = 0; pixel < found.segmentation_map.size(); ++pixel) {
    if (found.segmentation_map[pixel] != background) {
      blend(page.data + 3 * pixel, class_color(found.segmentation_map[pixel]));
    }
  }
}

void color_depth(cv::Mat& page, const DepthMap& found) {
  if (!covers(found.size, page)) {
    return;
  }
  const auto is_known = [](float value) { return std::isfinite(value) && value != 0; };
  float least = std::numeric_limits<float>::max();
  float most = std::numeric_limits<float>::lowest();
  for (const float value : found.depth) {
    least = is_known(value) ? std::min(least, value) : least;
    most = is_known(value) ? std::max(most, value) : most;
  }
  const float scale = most > least ? 255.0F / (most - least) : 0.0F;
  cv::Mat levels(page.size(), CV_8UC1, cv::Scalar(0));
  cv::Mat known(page.size(), CV_8UC1, cv::Scalar(0));
  for (std::size_t pixel = 0; pixel < found.depth.size(); ++pixel) {
    if (is_known(found.depth[pixel])) {
      levels.data[pixel] =
          static_cast<std::uint8_t>(std::min(255.0F, (found.depth[pixel] - least) * scale));
      known.data[pixel] = 1;
    }
  }
  cv::Mat colors;
  cv::applyColorMap(levels, colors, cv::COLORMAP_TURBO);
  colors.copyTo(page, known);
}

}  // namespace replayrt::cli
