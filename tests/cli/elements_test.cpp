#include "elements.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <vector>

namespace replayrt::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double stored(DType dtype, double value) {
  std::uint64_t memory = 0;
  store_element(dtype, &memory, 0, value);
  return load_element(dtype, &memory, 0);
}

TEST(Elements, SmallFloatsHaveTheirKnownValues) {
  const std::uint16_t f16[] = {0x3C00, 0xC000, 0x0001, 0x7BFF, 0x7C00, 0x8000};
  const double f16_values[] = {1.0, -2.0, std::ldexp(1.0, -24), 65504.0, kInfinity, -0.0};
  for (std::size_t i = 0; i < std::size(f16); ++i) {
    EXPECT_EQ(load_element(DType::kF16, f16, i), f16_values[i]);
  }
  const std::uint16_t bf16 = 0x4049;
  EXPECT_EQ(load_element(DType::kBf16, &bf16, 0), 3.140625);
  const std::uint8_t f8[] = {0x7E, 0x7F};
  EXPECT_EQ(load_element(DType::kF8e4m3, f8, 0), 448.0);
  EXPECT_TRUE(std::isnan(load_element(DType::kF8e4m3, f8, 1)));
  EXPECT_EQ(load_element(DType::kF8e5m2, "\x7B", 0), 57344.0);
  EXPECT_EQ(load_element(DType::kE8m0, "\x80", 0), 2.0);
  EXPECT_EQ(load_element(DType::kF4e2m1, "\xF2", 0), 1.0);
  EXPECT_EQ(load_element(DType::kF4e2m1, "\xF2", 1), -6.0);
}

TEST(Elements, FourBitIntegersAreTwoToAByteLowHalfFirst) {
  std::uint8_t memory[2] = {0, 0};
  store_element(DType::kI4, memory, 0, -8);
  store_element(DType::kI4, memory, 1, 7);
  store_element(DType::kI4, memory, 2, -1);
  EXPECT_EQ(memory[0], 0x78);
  EXPECT_EQ(memory[1], 0x0F);
  EXPECT_EQ(load_element(DType::kI4, memory, 0), -8);
  EXPECT_EQ(load_element(DType::kI4, memory, 1), 7);
  EXPECT_EQ(load_element(DType::kU4, memory, 0), 8);
}

// Every bit pattern of every small float comes back as itself.
TEST(Elements, StoringWhatWasLoadedChangesNothing) {
  for (const DType dtype :
       {DType::kF16, DType::kBf16, DType::kF8e4m3, DType::kF8e5m2, DType::kE8m0, DType::kF4e2m1}) {
    const unsigned patterns = 1U << bit_size(dtype);
    for (unsigned bits = 0; bits < patterns; ++bits) {
      const auto memory = static_cast<std::uint16_t>(bits);
      const double value = load_element(dtype, &memory, 0);
      if (!std::isnan(value)) {
        std::uint16_t again = 0;
        store_element(dtype, &again, 0, value);
        ASSERT_EQ(again, memory) << to_string(dtype) << " " << value;
      }
    }
  }
}

TEST(Elements, RoundToNearestEvenAndSaturate) {
  EXPECT_EQ(stored(DType::kF16, 1.0 + std::ldexp(1.0, -11)), 1.0);
  EXPECT_EQ(stored(DType::kF16, 1.0 + 3 * std::ldexp(1.0, -11)), 1.0 + std::ldexp(1.0, -9));
  EXPECT_EQ(stored(DType::kF16, 65519.0), 65504.0);
  EXPECT_EQ(stored(DType::kF16, 65520.0), kInfinity);
  EXPECT_EQ(stored(DType::kF16, -1e9), -kInfinity);
  EXPECT_EQ(stored(DType::kF8e4m3, 1e9), 448.0);
  EXPECT_EQ(stored(DType::kF4e2m1, -1e9), -6.0);
  EXPECT_TRUE(std::isnan(stored(DType::kBf16, std::nan(""))));
  EXPECT_TRUE(std::signbit(stored(DType::kF16, -0.0)));
}

TEST(MaxAbsDifference, FindsTheLargestAndKnowsNan) {
  const std::vector<float> a = {1.0F, 2.0F, NAN, INFINITY};
  const std::vector<float> b = {1.5F, 1.0F, NAN, INFINITY};
  const auto view = [](const std::vector<float>& values) {
    return view_of<float>(values, Shape{static_cast<std::int64_t>(values.size())});
  };
  EXPECT_EQ(max_abs_difference(view(a), view(a)), 0);
  EXPECT_EQ(max_abs_difference(view(a), view(b)), 1);
  EXPECT_EQ(max_abs_difference(view({NAN}), view({1.0F})), kInfinity);
  EXPECT_EQ(max_abs_difference(view({INFINITY}), view({1.0F})), kInfinity);
  EXPECT_EQ(max_abs_difference(view({1.0F}), view({1.0F, 2.0F})), kInfinity);
}

TEST(MaxAbsDifference, IsExactFor64BitIntegers) {
  const std::vector<std::int64_t> a = {std::numeric_limits<std::int64_t>::max()};
  const std::vector<std::int64_t> b = {std::numeric_limits<std::int64_t>::max() - 1};
  EXPECT_EQ(
      max_abs_difference(view_of<std::int64_t>(a, Shape{1}), view_of<std::int64_t>(b, Shape{1})),
      1);
}

TEST(RandomTensor, IsSeededVariedAndInRangeForEveryType) {
  for (const DType dtype :
       {DType::kF64, DType::kF32, DType::kF16, DType::kBf16, DType::kF8e4m3, DType::kF8e5m2,
        DType::kF4e2m1, DType::kE8m0, DType::kI64, DType::kI32, DType::kI16, DType::kI8, DType::kI4,
        DType::kU64, DType::kU32, DType::kU16, DType::kU8, DType::kU4, DType::kBool}) {
    const Shape shape{3, 33};
    const Tensor tensor = random_tensor(dtype, shape, 1);
    EXPECT_EQ(max_abs_difference(tensor.view(), random_tensor(dtype, shape, 1).view()), 0);
    EXPECT_GT(max_abs_difference(tensor.view(), random_tensor(dtype, shape, 2).view()), 0);
    std::set<double> values;
    for (std::size_t i = 0; i < 99; ++i) {
      values.insert(load_element(dtype, tensor.data(), i));
    }
    EXPECT_GE(values.size(), 2U) << to_string(dtype);
    EXPECT_GE(*values.begin(), is_floating(dtype) ? -1.0 : 0.0) << to_string(dtype);
    EXPECT_LE(*values.rbegin(), is_floating(dtype) ? 2.0 : 7.0) << to_string(dtype);
    if (dtype == DType::kBool) {
      EXPECT_EQ(values, (std::set<double>{0, 1}));
    }
  }
}

TEST(Converted, WidensExactly) {
  const Tensor half = random_tensor(DType::kBf16, Shape{5}, 3);
  const Tensor wide = converted(half.view(), DType::kF32);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(wide.as<float>()[i], load_element(DType::kBf16, half.data(), i));
  }
  EXPECT_EQ(max_abs_difference(converted(wide.view(), DType::kBf16).view(), half.view()), 0);
}

}  // namespace
}  // namespace replayrt::cli
