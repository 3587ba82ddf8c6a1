#include "backends/tensorrt/api.hpp"

#include <algorithm>
#include <array>

namespace replayrt::tensorrt {

std::optional<Shape> shape_of(const Dims& dims) {
  if (dims.nbDims < 0 || static_cast<std::size_t>(dims.nbDims) > Shape::kMaxRank) {
    return std::nullopt;
  }
  std::array<std::int64_t, Shape::kMaxRank> extents{};
  const auto rank = static_cast<std::size_t>(dims.nbDims);
  std::copy_n(dims.d, rank, extents.begin());
  if (std::any_of(extents.begin(), extents.end(), [](std::int64_t extent) { return extent < 0; })) {
    return std::nullopt;
  }
  return Shape(std::span<const std::int64_t>(extents.data(), rank));
}

std::string to_string(const Dims& dims) {
  std::string text;
  for (std::int32_t i = 0; i < dims.nbDims; ++i) {
    text.append(i == 0 ? "" : "x").append(std::to_string(dims.d[i]));
  }
  return dims.nbDims < 0 ? "unknown rank" : dims.nbDims == 0 ? "scalar" : text;
}

}  // namespace replayrt::tensorrt
