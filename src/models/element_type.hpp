#pragma once

#include <string_view>

#include "replayrt/core/tensor.hpp"

namespace replayrt::models {

/// The elements of a host tensor as f32: the tensor itself if it is that already, a copy of f16,
/// bf16 or f64 otherwise. Throws Error(kCorruptedModel) that names `name` for any other dtype.
Tensor as_f32(const Tensor& tensor, std::string_view name);

/// f32 elements as the network wants them: f32, f16 or bf16, rounded to nearest even. Throws
/// Error(kUnsupported) that names `name` for any other dtype.
Tensor from_f32(const Tensor& tensor, DType dtype, std::string_view name);

}  // namespace replayrt::models
