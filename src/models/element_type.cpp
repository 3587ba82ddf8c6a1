#include "models/element_type.hpp"

#include <bit>
#include <cmath>
#include <opencv2/core.hpp>
#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt::models {
namespace {

constexpr unsigned kBf16Shift = 16;

std::size_t count_of(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.shape().num_elements());
}

/// Rows of at most 2^20 elements: OpenCV counts columns in int.
template <class Convert>
void in_pieces(std::size_t count, Convert convert) {
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  for (std::size_t at = 0; at < count; at += kPiece) {
    convert(at, static_cast<int>(std::min(kPiece, count - at)));
  }
}

void convert_f16(const Tensor& from, int from_type, std::size_t from_size, const Tensor& to,
                 int to_type, std::size_t to_size) {
  in_pieces(count_of(from), [&](std::size_t at, int length) {
    const cv::Mat source(1, length, from_type,
                         static_cast<std::uint8_t*>(from.data()) + at * from_size);
    cv::Mat target(1, length, to_type, static_cast<std::uint8_t*>(to.data()) + at * to_size);
    source.convertTo(target, to_type);
  });
}

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) {
    return static_cast<std::uint16_t>((bits >> kBf16Shift) | 1U);
  }
  const std::uint32_t half = 0x7FFFU + ((bits >> kBf16Shift) & 1U);  // Ties go to even.
  return static_cast<std::uint16_t>((bits + half) >> kBf16Shift);
}

}  // namespace

Tensor as_f32(const Tensor& tensor, std::string_view name) {
  if (tensor.dtype() == DType::kF32) {
    return tensor;
  }
  Tensor result = Tensor::allocate(DType::kF32, tensor.shape());
  const std::size_t count = count_of(tensor);
  auto* const to = static_cast<float*>(result.data());
  switch (tensor.dtype()) {
    case DType::kF16:
      convert_f16(tensor, CV_16F, sizeof(std::uint16_t), result, CV_32F, sizeof(float));
      break;
    case DType::kBf16:
      for (std::size_t i = 0; i < count; ++i) {
        const auto bits = static_cast<const std::uint16_t*>(tensor.data())[i];
        to[i] = std::bit_cast<float>(std::uint32_t{bits} << kBf16Shift);
      }
      break;
    case DType::kF64:
      for (std::size_t i = 0; i < count; ++i) {
        to[i] = static_cast<float>(tensor.as<double>()[i]);
      }
      break;
    default:
      throw Error(ErrorCode::kCorruptedModel, "output '" + std::string(name) + "' has dtype " +
                                                  std::string(to_string(tensor.dtype())) +
                                                  ": expected f32, f16, bf16 or f64");
  }
  return result;
}

Tensor from_f32(const Tensor& tensor, DType dtype, std::string_view name) {
  if (dtype == DType::kF32) {
    return tensor;
  }
  if (dtype != DType::kF16 && dtype != DType::kBf16) {
    throw Error(ErrorCode::kUnsupported, "input '" + std::string(name) + "' takes " +
                                             std::string(to_string(dtype)) +
                                             ": pictures can be given as f32, f16 or bf16");
  }
  Tensor result = Tensor::allocate(dtype, tensor.shape());
  if (dtype == DType::kF16) {
    convert_f16(tensor, CV_32F, sizeof(float), result, CV_16F, sizeof(std::uint16_t));
    return result;
  }
  const auto values = tensor.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    static_cast<std::uint16_t*>(result.data())[i] = to_bf16(values[i]);
  }
  return result;
}

}  // namespace replayrt::models
