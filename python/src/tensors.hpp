#pragma once

#include <string_view>

#include "bindings.hpp"
#include "replayrt/core/infer.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt::python {

using Array = nb::ndarray<nb::ro>;

/// Arrays that a call reads, and what keeps them alive. To be destroyed under the GIL.
struct Arguments {
  SmallVector<TensorView, 4> views;
  SmallVector<Array, 4> arrays;
};

/// The array behind a Python object: NumPy, or anything with `__dlpack__`; nothing is copied. What
/// lies on a CUDA device is made ready for `stream` (null: CUDA's legacy default stream). Throws
/// Error(kModelInput) that begins with `name` if it is none. Of a NumPy array of one of ml_dtypes'
/// types, which nothing else can read, it gives the bits, and sets `extension`, if given.
Array array_of(nb::handle object, std::string_view name, void* stream, DType* extension = nullptr);

/// A view of it. Throws Error(kModelInput) that begins with `name` if it is not dense and
/// row-major, or of a type that no tensor has.
TensorView view_of_array(const Array& array, std::string_view name);

/// The inputs of a call to `engine`: one array, a list or tuple of them in the engine's order, or a
/// dict by name. Throws Error(kModelInput).
Arguments arguments_for(const Engine& engine, nb::handle inputs, void* stream);

/// Whether some of them lie on a CUDA device.
bool any_on_cuda(const Arguments& arguments) noexcept;

/// The CUDA stream in `stream`: None, an int, or an object with `__cuda_stream__`, `cuda_stream`
/// (torch) or `ptr` (CuPy). Throws Error(kInvalidParameter) for anything else.
void* stream_of(nb::handle stream);

/// The dimensions as a tuple of int.
nb::tuple shape_to_python(const Shape& shape);

/// A NumPy array over the tensor's memory, which it keeps alive; for types that NumPy lacks (bf16
/// and smaller floats) an object with `__dlpack__`. Tensors on a CUDA device become a
/// `DeviceTensor`, usable in the order of `stream` at once and elsewhere when `completion` is done.
nb::object array_from(const Tensor& tensor, const Completion& completion, void* stream);

/// The same of host memory.
nb::object array_from(const Tensor& tensor);

/// A tensor over the array's memory, which it keeps alive. Throws as `view_of_array` does.
Tensor tensor_over(const Array& array, std::string_view name);

void bind_device_tensor(nb::module_& m);

}  // namespace replayrt::python
