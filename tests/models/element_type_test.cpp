#include "models/element_type.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

Tensor tensor_of(const std::vector<float>& values) {
  return Tensor::copy_of(
      view_of(std::span<const float>(values), Shape{static_cast<std::int64_t>(values.size())}));
}

Tensor bits_of(DType dtype, const std::vector<std::uint16_t>& bits) {
  const Tensor tensor = Tensor::allocate(dtype, Shape{static_cast<std::int64_t>(bits.size())});
  std::copy(bits.begin(), bits.end(), static_cast<std::uint16_t*>(tensor.data()));
  return tensor;
}

std::vector<std::uint16_t> bits_in(const Tensor& tensor) {
  const auto* const first = static_cast<const std::uint16_t*>(tensor.data());
  return {first, first + tensor.shape().num_elements()};
}

TEST(ElementTypeTest, F32IsTheTensorItself) {
  const Tensor tensor = tensor_of({1, 2});
  EXPECT_EQ(as_f32(tensor, "x").data(), tensor.data());
  EXPECT_EQ(from_f32(tensor, DType::kF32, "x").data(), tensor.data());
}

TEST(ElementTypeTest, HalvesAreRead) {
  // 1, -2, 65504, smallest subnormal, infinity: IEEE 754-2008, binary16.
  const Tensor half = bits_of(DType::kF16, {0x3C00, 0xC000, 0x7BFF, 0x0001, 0x7C00});
  EXPECT_THAT(as_f32(half, "x").as<float>(),
              testing::ElementsAre(1, -2, 65504, std::ldexp(1.0F, -24), INFINITY));
  const Tensor brain = bits_of(DType::kBf16, {0x3F80, 0xC000, 0x7F80});
  EXPECT_THAT(as_f32(brain, "x").as<float>(), testing::ElementsAre(1, -2, INFINITY));
}

TEST(ElementTypeTest, F64IsRounded) {
  const std::vector<double> values = {0.1, 1e300};
  const Tensor tensor = Tensor::copy_of(view_of(std::span<const double>(values), Shape{2}));
  EXPECT_THAT(as_f32(tensor, "x").as<float>(), testing::ElementsAre(0.1F, INFINITY));
}

TEST(ElementTypeTest, HalvesAreWrittenWithTiesToEven) {
  const Tensor values =
      tensor_of({1, 1 + std::ldexp(1.0F, -11), 1 + 3 * std::ldexp(1.0F, -11), 1e6F});
  EXPECT_THAT(bits_in(from_f32(values, DType::kF16, "x")),
              testing::ElementsAre(0x3C00, 0x3C00, 0x3C02, 0x7C00));
  const Tensor wide = tensor_of({1, 1 + std::ldexp(1.0F, -8), 1 + 3 * std::ldexp(1.0F, -8), NAN});
  const auto bits = bits_in(from_f32(wide, DType::kBf16, "x"));
  EXPECT_THAT(std::span(bits).first(3), testing::ElementsAre(0x3F80, 0x3F80, 0x3F82));
  EXPECT_TRUE(std::isnan(as_f32(bits_of(DType::kBf16, bits), "x").as<float>()[3]));
}

TEST(ElementTypeTest, OtherTypesAreRefusedByName) {
  const Tensor integers = Tensor::allocate(DType::kI32, Shape{1});
  expect_error(ErrorCode::kCorruptedModel, {"'boxes'", "i32"}, [&] { as_f32(integers, "boxes"); });
  expect_error(ErrorCode::kUnsupported, {"'images'", "i8"},
               [] { from_f32(tensor_of({1}), DType::kI8, "images"); });
}

}  // namespace
}  // namespace replayrt::models
