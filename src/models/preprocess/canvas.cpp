#include "models/preprocess/canvas.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/imgproc/hal/hal.hpp>

namespace replayrt::models {
namespace {

cv::Rect rect_of(const Region& region) {
  return {static_cast<int>(region.left), static_cast<int>(region.top),
          static_cast<int>(region.size.width), static_cast<int>(region.size.height)};
}

}  // namespace

void put_picture(const cv::Mat& picture, const Placement& placement, cv::Mat& canvas) {
  cv::Mat target = canvas(rect_of(placement.target));
  cv::resize(picture(rect_of(placement.source)), target, target.size(), 0, 0, cv::INTER_LINEAR);
}

void fill_border(const Placement& placement, std::uint8_t value, cv::Mat& canvas) {
  const cv::Rect inside = rect_of(placement.target);
  const cv::Scalar color = cv::Scalar::all(value);
  const int right = inside.x + inside.width;
  const int bottom = inside.y + inside.height;
  canvas.rowRange(0, inside.y).setTo(color);
  canvas.rowRange(bottom, canvas.rows).setTo(color);
  canvas(cv::Range(inside.y, bottom), cv::Range(0, inside.x)).setTo(color);
  canvas(cv::Range(inside.y, bottom), cv::Range(right, canvas.cols)).setTo(color);
}

void reflect_border(const Placement& placement, cv::Mat& canvas) {
  const cv::Rect inside = rect_of(placement.target);
  // Isolated: what lies around the picture on the canvas is not part of it yet.
  cv::copyMakeBorder(canvas(inside), canvas, inside.y, canvas.rows - inside.y - inside.height,
                     inside.x, canvas.cols - inside.x - inside.width,
                     cv::BORDER_REFLECT_101 | cv::BORDER_ISOLATED);
}

void reverse_channels(cv::Mat& pixels) {
  constexpr int kChannels = 3;
  // cvtColor would copy a picture that is its own result.
  cv::hal::cvtBGRtoBGR(pixels.data, pixels.step, pixels.data, pixels.step, pixels.cols, pixels.rows,
                       CV_8U, kChannels, kChannels, true);
}

void write_planes(const cv::Mat& pixels, bool reversed, const ValueTable& table,
                  std::span<float> planes) {
  const auto width = static_cast<std::size_t>(pixels.cols);
  const std::size_t plane = static_cast<std::size_t>(pixels.rows) * width;
  for (int row = 0; row < pixels.rows; ++row) {
    const std::uint8_t* const bytes = pixels.ptr<std::uint8_t>(row);
    for (std::size_t channel = 0; channel < table.size(); ++channel) {
      const std::uint8_t* const from = bytes + (reversed ? 2 - channel : channel);
      float* const to = planes.data() + channel * plane + static_cast<std::size_t>(row) * width;
      for (std::size_t column = 0; column < width; ++column) {
        to[column] = table[channel][from[3 * column]];
      }
    }
  }
}

}  // namespace replayrt::models
