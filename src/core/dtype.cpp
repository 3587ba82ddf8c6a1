#include "replayrt/core/dtype.hpp"

#include <array>
#include <limits>
#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

struct DTypeRow {
  std::string_view name;
  std::size_t bits;
};

// In the order of the enumerators.
constexpr std::array<DTypeRow, 19> kDTypes{{
    {"f64", 64},   {"f32", 32},   {"f16", 16}, {"bf16", 16}, {"f8e4m3", 8},
    {"f8e5m2", 8}, {"f4e2m1", 4}, {"e8m0", 8}, {"i64", 64},  {"i32", 32},
    {"i16", 16},   {"i8", 8},     {"i4", 4},   {"u64", 64},  {"u32", 32},
    {"u16", 16},   {"u8", 8},     {"u4", 4},   {"bool", 8},
}};
static_assert(static_cast<std::size_t>(DType::kBool) + 1 == kDTypes.size());

const DTypeRow& row_of(DType dtype) {
  const auto index = static_cast<std::size_t>(dtype);
  if (index >= kDTypes.size()) {
    throw Error(ErrorCode::kInvalidParameter, "dtype " + std::to_string(index) +
                                                  " is unknown: expected 0 to " +
                                                  std::to_string(kDTypes.size() - 1));
  }
  return kDTypes[index];
}

}  // namespace

std::size_t bit_size(DType dtype) {
  return row_of(dtype).bits;
}

std::string_view to_string(DType dtype) {
  return row_of(dtype).name;
}

DType dtype_from_string(std::string_view name) {
  std::string known;
  for (std::size_t i = 0; i < kDTypes.size(); ++i) {
    if (kDTypes[i].name == name) {
      return static_cast<DType>(i);
    }
    known.append(i == 0 ? "" : ", ").append(kDTypes[i].name);
  }
  throw Error(ErrorCode::kInvalidParameter,
              "dtype '" + std::string(name) + "' is unknown: expected one of " + known);
}

std::size_t packed_bytes(DType dtype, std::int64_t elements) {
  const std::size_t bits = bit_size(dtype);
  if (elements < 0) {
    throw Error(ErrorCode::kInvalidParameter,
                "element count " + std::to_string(elements) + " is negative");
  }
  const auto count = static_cast<std::uint64_t>(elements);
  if (count > (std::numeric_limits<std::size_t>::max() - 7) / bits) {
    throw Error(ErrorCode::kInvalidParameter, std::to_string(elements) + " elements of " +
                                                  std::string(to_string(dtype)) +
                                                  " do not fit in memory");
  }
  return (count * bits + 7) / 8;
}

}  // namespace replayrt
