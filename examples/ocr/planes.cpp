#include "planes.hpp"

#include <algorithm>
#include <array>

#include "replayrt/core/dtype.hpp"

namespace ocr {

std::span<float> InputBuffer::resize(const replayrt::Shape& shape) {
  const std::int64_t elements = shape.num_elements();
  if (!memory_.defined() || memory_.shape().num_elements() < elements) {
    memory_ = {};  // First, so that old and new never exist together.
    memory_ = replayrt::Tensor::allocate(replayrt::DType::kF32, shape);
  }
  shape_ = shape;
  return memory_.as<float>().first(static_cast<std::size_t>(elements));
}

replayrt::TensorView InputBuffer::view() const {
  return {memory_.data(), replayrt::DType::kF32, shape_, replayrt::Device{}};
}

void write_planes(const cv::Mat& bgr, std::span<float> planes, std::size_t row_length) {
  constexpr int kCacheBytes = 32 * 1024;
  const std::size_t plane_length = planes.size() / 3;
  const std::size_t step = row_length * sizeof(float);
  const auto width = static_cast<std::size_t>(bgr.cols);
  // In blocks of rows, so that the separated bytes are still in the cache when they become floats.
  const int block = std::max(1, kCacheBytes / (3 * bgr.cols));
  std::array<cv::Mat, 3> channels;
  for (int top = 0; top < bgr.rows; top += block) {
    const int bottom = std::min(top + block, bgr.rows);
    cv::split(bgr.rowRange(top, bottom), channels.data());
    for (std::size_t c = 0; c < channels.size(); ++c) {
      float* first = planes.data() + c * plane_length + static_cast<std::size_t>(top) * row_length;
      cv::Mat plane(bottom - top, bgr.cols, CV_32F, first, step);
      channels[c].convertTo(plane, CV_32F, 2.0 / 255.0, -1.0);
      for (int row = 0; width < row_length && row < plane.rows; ++row) {
        float* line = first + static_cast<std::size_t>(row) * row_length;
        std::fill(line + width, line + row_length, 0.0F);
      }
    }
  }
}

}  // namespace ocr
