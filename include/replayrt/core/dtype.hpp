#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace replayrt {

/// Element type of a tensor. Names are those of OpenVINO's element types.
enum class DType : std::uint8_t {
  kF64,
  kF32,
  kF16,
  kBf16,
  kF8e4m3,
  kF8e5m2,
  kF4e2m1,
  kE8m0,
  kI64,
  kI32,
  kI16,
  kI8,
  kI4,
  kU64,
  kU32,
  kU16,
  kU8,
  kU4,
  kBool,  ///< One byte per element, 0 or 1.
};

/// Size of one element in bits: 4 for the 4-bit types, which are packed two to a byte.
/// Throws Error(kInvalidParameter) for a value that is no enumerator, and names the value.
std::size_t bit_size(DType dtype);

/// "f32", "bf16", "bool", … Throws as `bit_size` does.
std::string_view to_string(DType dtype);

/// The inverse of `to_string`. Throws Error(kInvalidParameter) that names `name` and lists what is
/// known.
DType dtype_from_string(std::string_view name);

/// Bytes that hold `elements` elements without gaps, rounded up to whole bytes.
/// Throws Error(kInvalidParameter) if `elements` is negative or the result does not fit
/// std::size_t.
std::size_t packed_bytes(DType dtype, std::int64_t elements);

/// The dtype of a C++ arithmetic type; ill-formed for types without one (f16, bf16 and smaller have
/// none).
template <class T>
constexpr DType dtype_of() noexcept {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, bool>) {
    return DType::kBool;
  } else if constexpr (std::is_same_v<U, float>) {
    return DType::kF32;
  } else if constexpr (std::is_same_v<U, double>) {
    return DType::kF64;
  } else {
    static_assert(std::is_integral_v<U>, "no dtype for this C++ type");
    constexpr bool kSigned = std::is_signed_v<U>;
    switch (sizeof(U)) {
      case 1:
        return kSigned ? DType::kI8 : DType::kU8;
      case 2:
        return kSigned ? DType::kI16 : DType::kU16;
      case 4:
        return kSigned ? DType::kI32 : DType::kU32;
      default:
        return kSigned ? DType::kI64 : DType::kU64;
    }
  }
}

}  // namespace replayrt
