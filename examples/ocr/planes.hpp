#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <span>

#include "replayrt/core/shape.hpp"
#include "replayrt/core/tensor.hpp"

namespace ocr {

/// Memory for the input of one model, kept from call to call.
class InputBuffer {
 public:
  /// The elements of an f32 tensor of `shape`; what they hold is unspecified.
  std::span<float> resize(const replayrt::Shape& shape);

  /// What `resize` gave out last, as a tensor.
  [[nodiscard]] replayrt::TensorView view() const;

 private:
  replayrt::Tensor memory_;
  replayrt::Shape shape_;
};

/// Writes 8-bit BGR pixels as three planes of floats from -1 to 1 and leaves the rest of each row
/// 0. `planes` holds three planes of `bgr.rows` rows of `row_length` elements, at least `bgr.cols`.
void write_planes(const cv::Mat& bgr, std::span<float> planes, std::size_t row_length);

}  // namespace ocr
