#include "tensors.hpp"

#include <array>
#include <string>

#include "dtypes.hpp"
#include "process.hpp"
#include "replayrt/core/engine.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::python {
namespace {

// DLPack's numbers of devices.
constexpr int kCpu = 1;
constexpr int kCuda = 2;
constexpr int kCudaHost = 3;
constexpr int kCudaManaged = 13;

[[noreturn]] void refuse(std::string_view name, const std::string& problem) {
  throw Error(ErrorCode::kModelInput, std::string(name) + problem);
}

std::string dims_text(std::span<const std::int64_t> values) {
  std::string text;
  for (const std::int64_t value : values) {
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  }
  return "(" + text + ")";
}

void require_dense(const Array& array, std::string_view name) {
  std::int64_t expected = 1;
  bool dense = true;
  bool empty = false;
  for (std::size_t i = array.ndim(); i-- > 0;) {
    const auto extent = static_cast<std::int64_t>(array.shape(i));
    dense = dense && (extent == 1 || array.stride(i) == expected);
    empty = empty || extent == 0;
    expected *= extent;
  }
  if (!dense && !empty) {
    refuse(name, " is not contiguous: shape " + dims_text({array.shape_ptr(), array.ndim()}) +
                     " with strides " + dims_text({array.stride_ptr(), array.ndim()}) +
                     " (in elements), expected a dense, row-major array: "
                     "numpy.ascontiguousarray(x), or x.contiguous() in torch");
  }
}

Device device_of(const Array& array, std::string_view name) {
  switch (array.device_type()) {
    case kCpu:
    case kCudaHost:
      return {};
    case kCuda:
    case kCudaManaged:
      return {DeviceType::kCuda, array.device_id()};
    default:
      refuse(name, " lies on a device that ReplayRT does not know (DLPack device type " +
                       std::to_string(array.device_type()) + "), expected cpu or cuda");
  }
}

bool is_numpy_array(nb::handle object) {
  static PyObject* const kNumpyArray =
      nb::object(nb::module_::import_("numpy").attr("ndarray")).release().ptr();
  return reinterpret_cast<PyObject*>(Py_TYPE(object.ptr())) == kNumpyArray;
}

/// DLPack's device of an object that is no NumPy array.
bool says_cuda(nb::handle object) {
  if (!nb::hasattr(object, "__dlpack_device__")) {
    return false;
  }
  const nb::object device = object.attr("__dlpack_device__")();
  const int type = nb::cast<int>(nb::int_(device[0]));
  return type == kCuda || type == kCudaManaged;
}

nb::object capsule_of(const Tensor& tensor) {
  return nb::capsule(new Tensor(tensor), [](void* held) noexcept {
    if (!is_broken_fork()) {
      delete static_cast<Tensor*>(held);
    }
  });
}

template <class... Annotations>
nb::ndarray<Annotations...> ndarray_over(const Tensor& tensor, int device_type,
                                         nb::dlpack::dtype dtype) {
  std::array<std::size_t, Shape::kMaxRank> shape{};
  for (std::size_t i = 0; i < tensor.shape().rank(); ++i) {
    shape[i] = static_cast<std::size_t>(tensor.shape()[i]);
  }
  return nb::ndarray<Annotations...>(tensor.data(), tensor.shape().rank(), shape.data(),
                                     capsule_of(tensor), nullptr, dtype, device_type,
                                     tensor.device().index);
}

/// Keeps a Python array for as long as a Tensor is over it.
class ArrayBlock final : public Block {
 public:
  ArrayBlock(Array array, std::size_t bytes)
      : Block(const_cast<void*>(array.data()), bytes), array_(std::move(array)) {}

 protected:
  void recycle() noexcept override {
    if (!is_broken_fork() && Py_IsInitialized() != 0) {
      const nb::gil_scoped_acquire acquire;
      delete this;
    }
  }

 private:
  Array array_;
};

/// Python's `DeviceTensor`: an output in device memory.
struct DeviceTensor {
  Tensor tensor;
  Completion completion;
  void* stream = nullptr;

  [[nodiscard]] nb::object dlpack(nb::handle consumer_stream) const {
    const bool same = stream != nullptr && !consumer_stream.is_none() &&
                      reinterpret_cast<void*>(nb::cast<std::uintptr_t>(consumer_stream)) == stream;
    if (!same) {
      const nb::gil_scoped_release release;
      completion.wait();
    }
    // Without a framework it becomes a capsule.
    return nb::cast(ndarray_over<>(tensor, kCuda, dlpack_type(tensor.dtype())));
  }
};

}  // namespace

Array array_of(nb::handle object, std::string_view name, void* stream, DType* extension) {
  nb::object readable = nb::borrow(object);
  try {
    if (!is_numpy_array(object) && says_cuda(object)) {
      // 1 is DLPack's and CUDA's legacy default stream.
      const auto number =
          stream == nullptr ? std::uintptr_t{1} : reinterpret_cast<std::uintptr_t>(stream);
      readable = object.attr("__dlpack__")(nb::arg("stream") = number);
    }
  } catch (nb::python_error& error) {
    if (!error.matches(PyExc_Exception)) {  // Ctrl-C, say.
      throw;
    }
    refuse(name, " is a " + class_name_of(object) +
                     " that cannot be exported (DLPack): " + nb::str(error.value()).c_str());
  }
  Array array;
  if (nb::try_cast(readable, array, /*convert=*/false)) {
    return array;
  }
  if (extension != nullptr && is_numpy_array(object)) {
    *extension = extension_type_of(object);
    if (*extension != DType::kBool) {
      const nb::object bits = object.attr("view")(bit_size(*extension) == 16 ? "uint16" : "uint8");
      return array_of(bits, name, stream, nullptr);
    }
  }
  refuse(name, " is a " + class_name_of(object) +
                   " that cannot be read as an array, expected a NumPy array of numbers in the "
                   "machine's byte order, or an object with __dlpack__");
}

TensorView view_of_array(const Array& array, std::string_view name) {
  const Device device = device_of(array, name);
  const DType dtype = dtype_of(array.dtype(), name);
  require_dense(array, name);
  return {array.data(), dtype, Shape(std::span(array.shape_ptr(), array.ndim())), device};
}

Arguments arguments_for(const Engine& engine, nb::handle inputs, void* stream) {
  Arguments arguments;
  const std::vector<TensorSpec>& specs = engine.inputs();
  const auto add = [&](nb::handle object, const std::string& label) {
    DType extension = DType::kBool;
    arguments.arrays.push_back(array_of(object, label, stream, &extension));
    TensorView view = view_of_array(arguments.arrays.back(), label);
    view.dtype = extension == DType::kBool ? view.dtype : extension;
    arguments.views.push_back(view);
  };
  const auto label_of = [](const TensorSpec& spec) { return "input '" + spec.name + "'"; };
  const auto require_count = [&](std::size_t count) {
    if (count != specs.size()) {
      throw Error(ErrorCode::kModelInput, std::to_string(count) +
                                              " inputs were given: the model has " +
                                              std::to_string(specs.size()));
    }
  };
  if (PyDict_Check(inputs.ptr())) {
    const auto dict = nb::borrow<nb::dict>(inputs);
    for (const TensorSpec& spec : specs) {
      const nb::str name(spec.name.c_str());
      if (!dict.contains(name)) {
        throw Error(ErrorCode::kModelInput, label_of(spec) + " was not given");
      }
      add(dict[name], label_of(spec));
    }
    for (const auto& item : dict) {  // Names that the engine does not have; throws.
      static_cast<void>(engine.input_index(nb::cast<std::string>(nb::str(item.first))));
    }
    return arguments;
  }
  if (PyList_Check(inputs.ptr()) || PyTuple_Check(inputs.ptr())) {
    const auto sequence = nb::borrow<nb::sequence>(inputs);
    require_count(nb::len(sequence));
    for (std::size_t i = 0; i < specs.size(); ++i) {
      add(sequence[i], label_of(specs[i]));
    }
    return arguments;
  }
  require_count(1);
  add(inputs, label_of(specs[0]));
  return arguments;
}

bool any_on_cuda(const Arguments& arguments) noexcept {
  for (const TensorView& view : arguments.views) {
    if (view.device.type == DeviceType::kCuda) {
      return true;
    }
  }
  return false;
}

void* stream_of(nb::handle stream) {
  if (stream.is_none()) {
    return nullptr;
  }
  nb::object number;
  if (PyLong_Check(stream.ptr()) != 0) {
    number = nb::borrow(stream);
  } else if (nb::hasattr(stream, "__cuda_stream__")) {
    number = nb::object(stream.attr("__cuda_stream__")())[1];
  } else if (nb::hasattr(stream, "cuda_stream")) {
    number = stream.attr("cuda_stream");
  } else if (nb::hasattr(stream, "ptr")) {
    number = stream.attr("ptr");
  }
  std::uintptr_t value = 0;
  if (!number.is_valid() || !nb::try_cast(number, value)) {
    throw Error(ErrorCode::kInvalidParameter,
                "stream is a " + class_name_of(stream) +
                    ": expected None, the address of a cudaStream_t as an int, or an object with "
                    "__cuda_stream__, cuda_stream or ptr");
  }
  // Frameworks write 0 for CUDA's legacy default stream, which its own name, 1, tells from none.
  return reinterpret_cast<void*>(value == 0 ? std::uintptr_t{1} : value);
}

nb::tuple shape_to_python(const Shape& shape) {
  nb::list dims;
  for (const std::int64_t dim : shape.dims()) {
    dims.append(dim);
  }
  return nb::tuple(dims);
}

nb::object array_from(const Tensor& tensor, const Completion& completion, void* stream) {
  if (tensor.device().type == DeviceType::kCuda) {
    return nb::cast(DeviceTensor{tensor, completion, stream});
  }
  return array_from(tensor);
}

nb::object array_from(const Tensor& tensor) {
  if (!numpy_has(tensor.dtype())) {
    const nb::object extension = numpy_extension(tensor.dtype());
    if (extension.is_none()) {
      return nb::cast(ndarray_over<nb::array_api>(tensor, kCpu, dlpack_type(tensor.dtype())));
    }
    const nb::dlpack::dtype bits = plain_bits(tensor.dtype());
    return nb::cast(ndarray_over<nb::numpy>(tensor, kCpu, bits)).attr("view")(extension);
  }
  return nb::cast(ndarray_over<nb::numpy>(tensor, kCpu, dlpack_type(tensor.dtype())));
}

Tensor tensor_over(const Array& array, std::string_view name) {
  const TensorView view = view_of_array(array, name);
  return {BlockRef(new ArrayBlock(array, view.bytes())), view.dtype, view.shape, view.device};
}

void bind_device_tensor(nb::module_& m) {
  nb::class_<DeviceTensor>(
      m, "DeviceTensor",
      "An output in the memory of a CUDA device, which it owns. torch, CuPy and JAX take it "
      "through `from_dlpack`, without a copy.")
      .def(
          "__dlpack__",
          [](const DeviceTensor& self, nb::handle stream, const nb::kwargs& /*others*/) {
            return self.dlpack(stream);
          },
          nb::arg("stream") = nb::none(), nb::arg("kwargs"),
          nb::sig("def __dlpack__(self, stream: int | None = None, **kwargs: object) -> object"),
          "Waits for the run unless `stream` is the one that it was ordered on.")
      .def(
          "__dlpack_device__",
          [](const DeviceTensor& self) {
            return nb::make_tuple(kCuda, self.tensor.device().index);
          },
          nb::sig("def __dlpack_device__(self) -> tuple[int, int]"))
      .def_prop_ro(
          "shape", [](const DeviceTensor& self) { return shape_to_python(self.tensor.shape()); },
          nb::sig("def shape(self) -> tuple[int, ...]"))
      .def_prop_ro(
          "dtype", [](const DeviceTensor& self) { return text_of(to_string(self.tensor.dtype())); },
          "\"f32\", \"i64\", …", nb::sig("def dtype(self) -> str"))
      .def_prop_ro(
          "device", [](const DeviceTensor& self) { return self.tensor.device().to_string(); },
          nb::sig("def device(self) -> str"));
}

}  // namespace replayrt::python
