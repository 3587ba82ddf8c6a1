#include "replayrt/core/dtype.hpp"

#include <limits>

#include "core/expect_error.hpp"

namespace replayrt {
namespace {

constexpr int kDTypeCount = static_cast<int>(DType::kBool) + 1;

TEST(DTypeTest, NamesRoundTrip) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_string(to_string(dtype)), dtype);
  }
  EXPECT_EQ(dtype_from_string("f8e4m3"), DType::kF8e4m3);
  EXPECT_EQ(dtype_from_string("bool"), DType::kBool);
}

TEST(DTypeTest, SizesAreInBits) {
  EXPECT_EQ(bit_size(DType::kF64), 64U);
  EXPECT_EQ(bit_size(DType::kBf16), 16U);
  EXPECT_EQ(bit_size(DType::kE8m0), 8U);
  EXPECT_EQ(bit_size(DType::kF4e2m1), 4U);
  EXPECT_EQ(bit_size(DType::kU4), 4U);
  EXPECT_EQ(bit_size(DType::kBool), 8U);
}

TEST(DTypeTest, UnknownOnesAreNamed) {
  expect_error(ErrorCode::kInvalidParameter, {"'f12'", "bf16"}, [] { dtype_from_string("f12"); });
  expect_error(ErrorCode::kInvalidParameter, {"''"}, [] { dtype_from_string(""); });
  expect_error(ErrorCode::kInvalidParameter, {"200"}, [] { bit_size(static_cast<DType>(200)); });
  expect_error(ErrorCode::kInvalidParameter, {"19"},
               [] { to_string(static_cast<DType>(kDTypeCount)); });
}

TEST(DTypeTest, PackedBytesRoundUpAndNeverOverflow) {
  EXPECT_EQ(packed_bytes(DType::kF32, 3), 12U);
  EXPECT_EQ(packed_bytes(DType::kI4, 3), 2U);
  EXPECT_EQ(packed_bytes(DType::kU4, 4), 2U);
  EXPECT_EQ(packed_bytes(DType::kF64, 0), 0U);
  expect_error(ErrorCode::kInvalidParameter, {"negative"}, [] { packed_bytes(DType::kU8, -1); });
  expect_error(ErrorCode::kInvalidParameter, {"f64"},
               [] { packed_bytes(DType::kF64, std::numeric_limits<std::int64_t>::max()); });
}

TEST(DTypeTest, CppTypesMap) {
  static_assert(dtype_of<float>() == DType::kF32);
  static_assert(dtype_of<const double>() == DType::kF64);
  static_assert(dtype_of<bool>() == DType::kBool);
  static_assert(dtype_of<std::int8_t>() == DType::kI8);
  static_assert(dtype_of<std::uint16_t>() == DType::kU16);
  static_assert(dtype_of<std::int64_t>() == DType::kI64);
  static_assert(dtype_of<long long>() == DType::kI64);
}

}  // namespace
}  // namespace replayrt
