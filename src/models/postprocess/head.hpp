#pragma once

#include <span>
#include <string>

#include "replayrt/core/tensor.hpp"

namespace replayrt::models {

/// One output of a network: f32 in host memory, images along the first axis. Keeps the memory.
class HeadOutput {
 public:
  /// Throws Error(kCorruptedModel) that names the output if its dtype is no floating one or it is
  /// not in host memory.
  HeadOutput(const Tensor& tensor, std::string name);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Shape& shape() const noexcept { return tensor_.shape(); }
  [[nodiscard]] std::int64_t images() const noexcept { return shape()[0]; }

  /// All elements.
  [[nodiscard]] std::span<const float> values() const { return tensor_.as<float>(); }

  /// The elements of one image, dense, in the order of the axes after the first.
  [[nodiscard]] std::span<const float> of_image(std::size_t image) const;

  /// Throws Error(kCorruptedModel) that names the output, its shape and `expected` unless the rank
  /// is `rank` and `fits`.
  void require(std::size_t rank, bool fits, const std::string& expected) const;

 private:
  std::string name_;
  Tensor tensor_;
};

}  // namespace replayrt::models
