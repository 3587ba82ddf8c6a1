#include "working_picture.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "replayrt/core/error.hpp"

namespace ocr {
namespace {

constexpr int kMinSide = 30;
constexpr int kMaxSide = 2000;
constexpr int kStep = 32;  // Every stride of the detection model divides it.
constexpr int kMaxWidthPerHeight = 8;
constexpr int kMinHeight = 30;
// Only pictures narrower than kMinSide can reach these: without them one row of pixels takes
// gigabytes.
constexpr int kMaxSideRatio = 200;
// The detector enlarges pictures until the shorter side has 736 pixels: what is narrower than this
// would become more than six million pixels, for which it takes gigabytes.
constexpr int kMaxHeightPerWidth = 11;

/// `size` times `ratio`, to the nearest multiple of 32 (halves to even), at least one step.
cv::Size scaled(cv::Size size, double ratio) {
  const auto side = [ratio](int length) {
    const double steps = std::nearbyint(std::trunc(length * ratio) / kStep);
    return std::max(static_cast<int>(steps), 1) * kStep;
  };
  return {side(size.width), side(size.height)};
}

void require_picture(const cv::Mat& bgr) {
  if (bgr.empty()) {
    throw replayrt::Error(replayrt::ErrorCode::kInvalidParameter, "the picture has no pixels");
  }
  if (bgr.type() != CV_8UC3) {
    throw replayrt::Error(replayrt::ErrorCode::kInvalidParameter,
                          "the picture has pixels of type " + cv::typeToString(bgr.type()) +
                              "; expected 8-bit BGR (CV_8UC3)");
  }
  const auto [shorter, longer] = std::minmax(bgr.cols, bgr.rows);
  if (shorter < kMinSide && longer > kMaxSideRatio * shorter) {
    throw replayrt::Error(replayrt::ErrorCode::kInvalidParameter,
                          "the picture is " + std::to_string(bgr.cols) + " x " +
                              std::to_string(bgr.rows) +
                              " pixels, too narrow for text; expected sides of at most 1 : " +
                              std::to_string(kMaxSideRatio));
  }
}

int border_height(cv::Size size) {
  const bool flat = static_cast<double>(size.width) / size.height > kMaxWidthPerHeight;
  if (size.height > kMinHeight && !flat) {
    return 0;
  }
  const int height = 2 * std::max(size.width / kMaxWidthPerHeight, kMinHeight);
  return std::abs(height - size.height) / 2;
}

int border_width(cv::Size size) {
  const int least = (size.height + kMaxHeightPerWidth - 1) / kMaxHeightPerWidth;
  return std::max(least - size.width, 0);
}

}  // namespace

Quad WorkingPicture::to_original(const Quad& box) const {
  Quad result;
  for (std::size_t i = 0; i < box.size(); ++i) {
    const double x = box[i].x * ratio_x;
    const double y = (box[i].y - static_cast<float>(top)) * ratio_y;
    result[i].x = static_cast<float>(std::clamp(x, 0.0, static_cast<double>(original.width)));
    result[i].y = static_cast<float>(std::clamp(y, 0.0, static_cast<double>(original.height)));
  }
  return result;
}

WorkingPicture prepare_picture(const cv::Mat& bgr) {
  require_picture(bgr);
  WorkingPicture picture{.pixels = bgr, .original = bgr.size()};
  cv::Size size = bgr.size();
  if (const int longer = std::max(size.width, size.height); longer > kMaxSide) {
    size = scaled(size, static_cast<double>(kMaxSide) / longer);
  }
  if (const int shorter = std::min(size.width, size.height); shorter < kMinSide) {
    size = scaled(size, static_cast<double>(kMinSide) / shorter);
  }
  if (size != bgr.size()) {
    cv::resize(bgr, picture.pixels, size);
    picture.ratio_x = static_cast<double>(bgr.cols) / size.width;
    picture.ratio_y = static_cast<double>(bgr.rows) / size.height;
  }
  picture.top = border_height(size);
  const int right = border_width(size);
  if (picture.top > 0 || right > 0) {
    cv::Mat framed;
    cv::copyMakeBorder(picture.pixels, framed, picture.top, picture.top, 0, right,
                       cv::BORDER_CONSTANT);
    picture.pixels = framed;
  }
  return picture;
}

}  // namespace ocr
