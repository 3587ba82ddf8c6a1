#pragma once

#include <string_view>

#include "bindings.hpp"
#include "replayrt/core/dtype.hpp"

namespace replayrt::python {

/// Throws Error(kModelInput) that begins with `name` for a type that no tensor has.
DType dtype_of(nb::dlpack::dtype given, std::string_view name);

/// Throws Error(kUnsupported) for a type that DLPack lacks.
nb::dlpack::dtype dlpack_type(DType dtype);

/// Whether NumPy has the type by itself.
bool numpy_has(DType dtype) noexcept;

/// The type that the package ml_dtypes gives NumPy for bf16 and smaller floats; None for other
/// types, and where the package is not installed.
nb::object numpy_extension(DType dtype);

/// The unsigned integer type of as many bits.
nb::dlpack::dtype plain_bits(DType dtype);

/// The type of a NumPy array of one of ml_dtypes' types, which cannot be exported by itself; kBool
/// (which can) for all others.
DType extension_type_of(nb::handle numpy_array);

}  // namespace replayrt::python
