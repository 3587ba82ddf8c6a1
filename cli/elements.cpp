#include "elements.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <type_traits>

namespace replayrt::cli {
namespace {

/// How a small floating-point type is laid out: sign, exponent, mantissa, from the highest bit
/// down.
struct FloatFormat {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  bool has_infinity;  ///< The largest exponent means infinity and NaN, as in IEEE 754.
  bool has_nan;       ///< Without infinity: all ones are NaN.
};

std::optional<FloatFormat> small_format(DType dtype) noexcept {
  switch (dtype) {
    case DType::kF16:
      return FloatFormat{5, 10, 15, true, true};
    case DType::kBf16:
      return FloatFormat{8, 7, 127, true, true};
    case DType::kF8e4m3:
      return FloatFormat{4, 3, 7, false, true};
    case DType::kF8e5m2:
      return FloatFormat{5, 2, 15, true, true};
    case DType::kF4e2m1:
      return FloatFormat{2, 1, 1, false, false};
    default:
      return std::nullopt;
  }
}

double decode(const FloatFormat& format, unsigned bits) {
  const unsigned mantissa_count = 1U << format.mantissa_bits;
  const unsigned exponent_mask = (1U << format.exponent_bits) - 1;
  const unsigned mantissa = bits & (mantissa_count - 1);
  const unsigned exponent = (bits >> format.mantissa_bits) & exponent_mask;
  const bool negative = ((bits >> (format.mantissa_bits + format.exponent_bits)) & 1U) != 0;
  double value = 0;
  if (exponent == exponent_mask && format.has_infinity) {
    value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == exponent_mask && format.has_nan && mantissa == mantissa_count - 1) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    const unsigned significand = exponent == 0 ? mantissa : mantissa + mantissa_count;
    const int power = std::max(static_cast<int>(exponent), 1) - format.bias - format.mantissa_bits;
    value = std::ldexp(static_cast<double>(significand), power);
  }
  return negative ? -value : value;
}

unsigned encode(const FloatFormat& format, double value) {
  const unsigned mantissa_count = 1U << format.mantissa_bits;
  const unsigned all_ones = (1U << (format.mantissa_bits + format.exponent_bits)) - 1;
  const unsigned infinity = all_ones - (mantissa_count - 1);
  unsigned largest = all_ones;
  if (format.has_infinity) {
    largest = infinity - 1;
  } else if (format.has_nan) {
    largest = all_ones - 1;
  }
  const unsigned sign = std::signbit(value) ? all_ones + 1 : 0;
  const double magnitude = std::abs(value);
  if (std::isnan(value)) {
    return format.has_nan ? all_ones : 0;
  }
  if (magnitude == 0) {
    return sign;
  }
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  // The distance between neighbours at this magnitude; subnormal numbers share the smallest one.
  const int step = std::max(exponent - 1, 1 - format.bias) - format.mantissa_bits;
  const double steps = std::nearbyint(std::ldexp(magnitude, -step));
  if (std::ldexp(steps, step) > decode(format, largest)) {
    return sign | (format.has_infinity ? infinity : largest);
  }
  // Adding whole steps to the exponent's first value carries into the exponent by itself.
  const unsigned first = static_cast<unsigned>(step + format.mantissa_bits + format.bias - 1)
                         << format.mantissa_bits;
  return sign | (first + static_cast<unsigned>(steps));
}

constexpr int kE8m0Bias = 127;
constexpr unsigned kE8m0Nan = 255;

template <class T>
T load_as(const void* data, std::size_t index) {
  T value;
  std::memcpy(&value, static_cast<const std::byte*>(data) + index * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void store_as(void* data, std::size_t index, T value) {
  std::memcpy(static_cast<std::byte*>(data) + index * sizeof(T), &value, sizeof(T));
}

unsigned load_bits(DType dtype, const void* data, std::size_t index) {
  switch (bit_size(dtype)) {
    case 16:
      return load_as<std::uint16_t>(data, index);
    case 8:
      return load_as<std::uint8_t>(data, index);
    default: {
      // Two to a byte, the first one in the low half.
      const unsigned pair = load_as<std::uint8_t>(data, index / 2);
      return index % 2 == 0 ? pair & 0xFU : pair >> 4U;
    }
  }
}

void store_bits(DType dtype, void* data, std::size_t index, unsigned bits) {
  switch (bit_size(dtype)) {
    case 16:
      store_as(data, index, static_cast<std::uint16_t>(bits));
      return;
    case 8:
      store_as(data, index, static_cast<std::uint8_t>(bits));
      return;
    default: {
      const unsigned pair = load_as<std::uint8_t>(data, index / 2);
      const unsigned merged =
          index % 2 == 0 ? (pair & 0xF0U) | (bits & 0xFU) : (pair & 0x0FU) | ((bits & 0xFU) << 4U);
      store_as(data, index / 2, static_cast<std::uint8_t>(merged));
    }
  }
}

/// Calls `use` with a value of the C++ type of `dtype`; false for a dtype that has none.
template <class Use>
bool with_native_type(DType dtype, Use use) {
  switch (dtype) {
    case DType::kF64:
      use(double{});
      return true;
    case DType::kF32:
      use(float{});
      return true;
    case DType::kI64:
      use(std::int64_t{});
      return true;
    case DType::kI32:
      use(std::int32_t{});
      return true;
    case DType::kI16:
      use(std::int16_t{});
      return true;
    case DType::kI8:
      use(std::int8_t{});
      return true;
    case DType::kU64:
      use(std::uint64_t{});
      return true;
    case DType::kU32:
      use(std::uint32_t{});
      return true;
    case DType::kU16:
      use(std::uint16_t{});
      return true;
    case DType::kU8:
    case DType::kBool:
      use(std::uint8_t{});
      return true;
    default:
      return false;
  }
}

double difference(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) {
    return 0;
  }
  const double distance = std::abs(a - b);
  return std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
}

template <class T>
double largest_difference(const void* a, const void* b, std::size_t count) {
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const T x = load_as<T>(a, i);
    const T y = load_as<T>(b, i);
    if constexpr (std::is_integral_v<T>) {
      // Subtracted as integers: 64-bit neighbours are the same double.
      using U = std::make_unsigned_t<T>;
      const U distance = x > y ? static_cast<U>(static_cast<U>(x) - static_cast<U>(y))
                               : static_cast<U>(static_cast<U>(y) - static_cast<U>(x));
      largest = std::max(largest, static_cast<double>(distance));
    } else {
      largest = std::max(largest, difference(x, y));
    }
  }
  return largest;
}

}  // namespace

bool is_floating(DType dtype) noexcept {
  return dtype == DType::kF64 || dtype == DType::kF32 || dtype == DType::kE8m0 ||
         small_format(dtype).has_value();
}

double load_element(DType dtype, const void* data, std::size_t index) {
  double value = 0;
  if (with_native_type(dtype, [&](auto type) {
        value = static_cast<double>(load_as<decltype(type)>(data, index));
      })) {
    return value;
  }
  const unsigned bits = load_bits(dtype, data, index);
  if (const auto format = small_format(dtype)) {
    return decode(*format, bits);
  }
  if (dtype == DType::kE8m0) {
    return bits == kE8m0Nan ? std::numeric_limits<double>::quiet_NaN()
                            : std::ldexp(1.0, static_cast<int>(bits) - kE8m0Bias);
  }
  // 4-bit integers: the sign is bit 3.
  return dtype == DType::kI4 && bits >= 8 ? static_cast<double>(bits) - 16.0
                                          : static_cast<double>(bits);
}

void store_element(DType dtype, void* data, std::size_t index, double value) {
  if (with_native_type(dtype, [&](auto type) {
        if constexpr (std::is_integral_v<decltype(type)>) {
          value = std::nearbyint(value);
        }
        store_as(data, index, static_cast<decltype(type)>(value));
      })) {
    return;
  }
  unsigned bits = 0;
  if (const auto format = small_format(dtype)) {
    bits = encode(*format, value);
  } else if (dtype == DType::kE8m0) {
    const double exponent = std::nearbyint(std::log2(std::abs(value)));
    bits = std::isnan(value)
               ? kE8m0Nan
               : static_cast<unsigned>(std::clamp(exponent, -127.0, 127.0) + kE8m0Bias);
  } else {
    bits = static_cast<unsigned>(static_cast<int>(std::nearbyint(value))) & 0xFU;
  }
  store_bits(dtype, data, index, bits);
}

Tensor converted(const TensorView& view, DType dtype) {
  Tensor result = Tensor::allocate(dtype, view.shape);
  if (result.bytes() > 0) {
    std::memset(result.data(), 0, result.bytes());
  }
  const auto count = static_cast<std::size_t>(view.shape.num_elements());
  for (std::size_t i = 0; i < count; ++i) {
    store_element(dtype, result.data(), i, load_element(view.dtype, view.data, i));
  }
  return result;
}

double max_abs_difference(const TensorView& a, const TensorView& b) {
  if (a.dtype != b.dtype || a.shape != b.shape) {
    return std::numeric_limits<double>::infinity();
  }
  const auto count = static_cast<std::size_t>(a.shape.num_elements());
  double largest = 0;
  if (with_native_type(a.dtype, [&](auto type) {
        largest = largest_difference<decltype(type)>(a.data, b.data, count);
      })) {
    return largest;
  }
  for (std::size_t i = 0; i < count; ++i) {
    largest = std::max(
        largest, difference(load_element(a.dtype, a.data, i), load_element(b.dtype, b.data, i)));
  }
  return largest;
}

Tensor random_tensor(DType dtype, const Shape& shape, std::uint64_t seed) {
  Tensor tensor = Tensor::allocate(dtype, shape);
  if (tensor.bytes() > 0) {
    std::memset(tensor.data(), 0, tensor.bytes());
  }
  // The standard's distributions differ between libraries; its engines do not.
  std::mt19937_64 random(seed);
  const auto count = static_cast<std::size_t>(shape.num_elements());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t bits = random();
    double value = 0;
    if (dtype == DType::kE8m0) {
      value = std::ldexp(1.0, static_cast<int>(bits >> 62U) - 2);
    } else if (is_floating(dtype)) {
      value = std::ldexp(static_cast<double>(bits >> 11U), -52) - 1.0;
    } else {
      value = static_cast<double>(dtype == DType::kBool ? bits >> 63U : bits >> 61U);
    }
    store_element(dtype, tensor.data(), i, value);
  }
  return tensor;
}

}  // namespace replayrt::cli
