#include "dtypes.hpp"

#include <array>
#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt::python {
namespace {

struct TypeName {
  DType dtype;
  nb::dlpack::dtype dlpack;
  const char* extension = nullptr;  // The name in ml_dtypes.
};

constexpr auto code(int value) {
  return static_cast<std::uint8_t>(value);
}

// DLPack's numbers (dlpack.h, DLDataTypeCode).
constexpr int kInt = 0;
constexpr int kUInt = 1;
constexpr int kFloat = 2;
constexpr int kBfloat = 4;
constexpr int kBool = 6;
constexpr int kFloat8E4m3fn = 10;
constexpr int kFloat8E5m2 = 12;
constexpr int kFloat8E8m0fnu = 14;
constexpr int kFloat4E2m1fn = 17;

constexpr std::array kTypes{
    TypeName{DType::kF64, {code(kFloat), 64, 1}},
    TypeName{DType::kF32, {code(kFloat), 32, 1}},
    TypeName{DType::kF16, {code(kFloat), 16, 1}},
    TypeName{DType::kBf16, {code(kBfloat), 16, 1}, "bfloat16"},
    TypeName{DType::kF8e4m3, {code(kFloat8E4m3fn), 8, 1}, "float8_e4m3fn"},
    TypeName{DType::kF8e5m2, {code(kFloat8E5m2), 8, 1}, "float8_e5m2"},
    TypeName{DType::kE8m0, {code(kFloat8E8m0fnu), 8, 1}, "float8_e8m0fnu"},
    TypeName{DType::kF4e2m1, {code(kFloat4E2m1fn), 4, 1}},
    TypeName{DType::kI64, {code(kInt), 64, 1}},
    TypeName{DType::kI32, {code(kInt), 32, 1}},
    TypeName{DType::kI16, {code(kInt), 16, 1}},
    TypeName{DType::kI8, {code(kInt), 8, 1}},
    TypeName{DType::kI4, {code(kInt), 4, 1}},
    TypeName{DType::kU64, {code(kUInt), 64, 1}},
    TypeName{DType::kU32, {code(kUInt), 32, 1}},
    TypeName{DType::kU16, {code(kUInt), 16, 1}},
    TypeName{DType::kU8, {code(kUInt), 8, 1}},
    TypeName{DType::kU4, {code(kUInt), 4, 1}},
    TypeName{DType::kBool, {code(kBool), 8, 1}},
};

const TypeName* find(DType dtype) noexcept {
  for (const TypeName& type : kTypes) {
    if (type.dtype == dtype) {
      return &type;
    }
  }
  return nullptr;
}

}  // namespace

DType dtype_of(nb::dlpack::dtype given, std::string_view name) {
  for (const TypeName& type : kTypes) {
    if (type.dlpack == given) {
      return type.dtype;
    }
  }
  throw Error(ErrorCode::kModelInput,
              std::string(name) + " has a type that no tensor has: DLPack code " +
                  std::to_string(given.code) + " of " + std::to_string(given.bits) +
                  " bits, expected a float, integer or bool");
}

nb::dlpack::dtype dlpack_type(DType dtype) {
  if (const TypeName* type = find(dtype)) {
    return type->dlpack;
  }
  throw Error(ErrorCode::kUnsupported, "DLPack has no type " + std::string(to_string(dtype)));
}

bool numpy_has(DType dtype) noexcept {
  const TypeName* type = find(dtype);
  return type != nullptr && type->extension == nullptr && bit_size(dtype) >= 8;
}

nb::object numpy_extension(DType dtype) {
  const TypeName* type = find(dtype);
  if (type == nullptr || type->extension == nullptr) {
    return nb::none();
  }
  try {
    return nb::object(nb::module_::import_("ml_dtypes").attr(type->extension));
  } catch (const nb::python_error&) {
    return nb::none();
  }
}

nb::dlpack::dtype plain_bits(DType dtype) {
  return {code(kUInt), static_cast<std::uint8_t>(bit_size(dtype)), 1};
}

DType extension_type_of(nb::handle numpy_array) {
  const auto name = nb::cast<std::string>(nb::str(numpy_array.attr("dtype").attr("name")));
  for (const TypeName& type : kTypes) {
    if (type.extension != nullptr && name == type.extension) {
      return type.dtype;
    }
  }
  return DType::kBool;
}

}  // namespace replayrt::python
