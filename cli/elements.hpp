#pragma once

#include <cstddef>
#include <cstdint>

#include "replayrt/core/dtype.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt::cli {

/// Whether the dtype is a floating-point type, the 8- and 4-bit ones included.
bool is_floating(DType dtype) noexcept;

/// Element `index` of dense memory as a double: exact for every dtype but 64-bit integers beyond
/// 2^53.
double load_element(DType dtype, const void* data, std::size_t index);

/// Stores `value` in the dtype, rounded to nearest even; what is too large becomes the largest
/// value or infinity, as the type has it. Integers must be in range.
void store_element(DType dtype, void* data, std::size_t index, double value);

/// The elements in another dtype, by load_element and store_element.
Tensor converted(const TensorView& view, DType dtype);

/// Largest |a - b| over all elements; infinity if dtypes or shapes differ or only one of two is
/// NaN.
double max_abs_difference(const TensorView& a, const TensorView& b);

/// A tensor of seeded random values: floats in [-1, 1), integers 0 to 7, booleans. The same on
/// every machine for the same arguments.
Tensor random_tensor(DType dtype, const Shape& shape, std::uint64_t seed);

}  // namespace replayrt::cli
