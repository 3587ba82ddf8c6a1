#include "line_batch.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace ocr {

int scaled_width(cv::Size crop, int max_width) {
  const double width = std::ceil(kLineHeight * (static_cast<double>(crop.width) / crop.height));
  return static_cast<int>(std::min(width, static_cast<double>(max_width)));
}

void write_batch(std::span<const cv::Mat> crops, std::span<const std::size_t> order, int width,
                 InputBuffer& input) {
  const auto lines = static_cast<std::int64_t>(order.size());
  const std::span<float> planes = input.resize({lines, 3, kLineHeight, width});
  const std::size_t line_length = planes.size() / order.size();
  cv::Mat scaled;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const cv::Mat& crop = crops[order[i]];
    cv::resize(crop, scaled, cv::Size(scaled_width(crop.size(), width), kLineHeight));
    write_planes(scaled, planes.subspan(i * line_length, line_length),
                 static_cast<std::size_t>(width));
  }
}

}  // namespace ocr
