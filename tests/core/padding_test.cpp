#include "core/padding.hpp"

#include <cmath>
#include <cstring>
#include <random>

#include "core/expect_error.hpp"
#include "core/host_block_pool.hpp"
#include "core/repeat_bytes.hpp"

namespace replayrt::detail {
namespace {

template <class T>
std::optional<T> held(DType dtype, double value) {
  const auto pattern = fill_pattern(dtype, value);
  if (!pattern.has_value()) {
    return std::nullopt;
  }
  EXPECT_EQ(pattern->size, sizeof(T));
  T bits;
  std::memcpy(&bits, pattern->bytes.data(), sizeof(T));
  return bits;
}

TEST(FillPatternTest, Floats) {
  EXPECT_EQ(held<double>(DType::kF64, 0.1), 0.1);
  EXPECT_EQ(held<float>(DType::kF32, 0.1), 0.1F) << "rounded";
  EXPECT_EQ(held<float>(DType::kF32, -INFINITY), -INFINITY);
  EXPECT_EQ(held<float>(DType::kF32, 1e39), std::nullopt);
  const std::vector<std::pair<double, std::optional<int>>> halves = {
      {0, 0x0000},           {-0.0, 0x8000},     {1, 0x3C00},           {-2, 0xC000},
      {0.1, 0x2E66},         {65504, 0x7BFF},    {65519, 0x7BFF},       {65520, std::nullopt},
      {1e300, std::nullopt}, {INFINITY, 0x7C00}, {0x1p-24, 0x0001},     {0x1p-25, 0x0000},
      {0x1.8p-25, 0x0001},   {0x1p-14, 0x0400},  {0x1.ff8p-15, 0x03FF}, {0x1.ffcp-15, 0x0400}};
  for (const auto& [value, bits] : halves) {
    EXPECT_EQ(held<std::uint16_t>(DType::kF16, value), bits) << value;
  }
  EXPECT_EQ(held<std::uint16_t>(DType::kF16, NAN), 0x7E00);
  EXPECT_EQ(held<std::uint16_t>(DType::kBf16, 1), 0x3F80);
  EXPECT_EQ(held<std::uint16_t>(DType::kBf16, -0.1), 0xBDCD);
  EXPECT_EQ(held<std::uint16_t>(DType::kBf16, 3e38), 0x7F62);
  EXPECT_EQ(held<std::uint16_t>(DType::kBf16, 3.4e38), std::nullopt);
}

TEST(FillPatternTest, WholeNumbers) {
  EXPECT_EQ(held<std::int8_t>(DType::kI8, -128), -128);
  EXPECT_EQ(held<std::int8_t>(DType::kI8, 128), std::nullopt);
  EXPECT_EQ(held<std::uint8_t>(DType::kU8, 255), 255);
  EXPECT_EQ(held<std::uint8_t>(DType::kU8, 256), std::nullopt);
  EXPECT_EQ(held<std::uint8_t>(DType::kU8, -1), std::nullopt);
  EXPECT_EQ(held<std::uint8_t>(DType::kU8, 0.5), std::nullopt);
  EXPECT_EQ(held<std::int32_t>(DType::kI32, NAN), std::nullopt);
  EXPECT_EQ(held<std::uint16_t>(DType::kU16, 65535), 65535);
  EXPECT_EQ(held<std::int16_t>(DType::kI16, 32768), std::nullopt);
  EXPECT_EQ(held<std::uint32_t>(DType::kU32, 4294967295.0), 4294967295U);
  EXPECT_EQ(held<std::int64_t>(DType::kI64, -0x1p63), INT64_MIN);
  EXPECT_EQ(held<std::int64_t>(DType::kI64, 0x1p63), std::nullopt);
  EXPECT_EQ(held<std::uint64_t>(DType::kU64, 0x1p63), std::uint64_t{1} << 63);
  EXPECT_EQ(held<std::uint64_t>(DType::kU64, 0x1p64), std::nullopt);
  EXPECT_EQ(held<std::uint8_t>(DType::kBool, 1), 1);
  EXPECT_EQ(held<std::uint8_t>(DType::kBool, 2), std::nullopt);
}

TEST(FillPatternTest, SmallTypes) {
  EXPECT_EQ(held<std::uint8_t>(DType::kI4, -1), 0xFF);
  EXPECT_EQ(held<std::uint8_t>(DType::kU4, 5), 0x55);
  EXPECT_EQ(held<std::uint8_t>(DType::kI4, 8), std::nullopt);
  EXPECT_EQ(held<std::uint8_t>(DType::kU4, 16), std::nullopt);
  for (const DType dtype : {DType::kF8e4m3, DType::kF8e5m2, DType::kF4e2m1}) {
    EXPECT_EQ(held<std::uint8_t>(dtype, 0), 0);
    EXPECT_EQ(held<std::uint8_t>(dtype, 1), std::nullopt);
  }
  EXPECT_EQ(held<std::uint8_t>(DType::kE8m0, 0), std::nullopt) << "has no 0";
}

TEST(PaddedExtentTest, StaysWithinTheRange) {
  const Buckets pow2 = Buckets::powers_of_two();
  EXPECT_EQ(padded_extent(pow2, 5, {}), 8);
  EXPECT_EQ(padded_extent(pow2, 5, {.min = 1, .max = 6}), 6) << "capped";
  EXPECT_EQ(padded_extent(pow2, 5, {.min = 10, .max = 60}), 10) << "raised";
  EXPECT_EQ(padded_extent(pow2, 9, {.min = 1, .max = 6}), 9) << "left for the engine to refuse";
  EXPECT_EQ(padded_extent(pow2, 0, {.min = 1, .max = 6}), 0);
  EXPECT_EQ(padded_extent(Buckets::none(), 5, {.min = 10, .max = 60}), 5);
}

TEST(RepeatBytesTest, RepeatsTheWholePattern) {
  const std::array<std::byte, 3> pattern{std::byte{1}, std::byte{2}, std::byte{3}};
  for (std::size_t times = 0; times < 20; ++times) {
    std::vector<std::byte> memory(times * 3 + 1, std::byte{9});
    repeat_bytes(memory.data(), times * 3, pattern);
    for (std::size_t i = 0; i < times * 3; ++i) {
      ASSERT_EQ(memory[i], pattern[i % 3]);
    }
    ASSERT_EQ(memory.back(), std::byte{9});
  }
}

/// Position of an element of a dense tensor.
std::size_t position(const Shape& shape, const std::vector<std::int64_t>& at) {
  std::size_t offset = 0;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    offset = offset * static_cast<std::size_t>(shape[axis]) + static_cast<std::size_t>(at[axis]);
  }
  return offset;
}

TEST(CopyBlockTest, CopiesExactlyTheBlock) {
  std::mt19937 random(20261127);
  HostBlockPool pool;
  HostMemory memory(pool);
  for (int trial = 0; trial < 500; ++trial) {
    const std::size_t rank = random() % 5;
    std::vector<std::int64_t> block;
    std::vector<std::int64_t> to_dims;
    std::vector<std::int64_t> from_dims;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      block.push_back(static_cast<std::int64_t>(random() % 4));
      to_dims.push_back(block.back() + static_cast<std::int64_t>(random() % 2));
      from_dims.push_back(block.back() + static_cast<std::int64_t>(random() % 2));
    }
    const Shape extents(block);
    const Shape to_shape(to_dims);
    const Shape from_shape(from_dims);
    std::vector<std::int32_t> from(static_cast<std::size_t>(from_shape.num_elements()) + 1);
    for (std::size_t i = 0; i < from.size(); ++i) {
      from[i] = static_cast<std::int32_t>(i) + 1;
    }
    std::vector<std::int32_t> to(static_cast<std::size_t>(to_shape.num_elements()) + 1, -1);
    std::vector<std::int32_t> expected = to;
    std::vector<std::int64_t> at(rank, 0);
    for (std::int64_t i = 0; i < extents.num_elements(); ++i) {
      std::int64_t rest = i;
      for (std::size_t axis = rank; axis-- > 0;) {
        at[axis] = rest % block[axis];
        rest /= block[axis];
      }
      expected[position(to_shape, at)] = from[position(from_shape, at)];
    }
    copy_block(memory, {}, DType::kI32, extents, to.data(), to_shape, from.data(), from_shape, "x");
    ASSERT_EQ(to, expected) << extents.to_string() << " to " << to_shape.to_string() << " from "
                            << from_shape.to_string();
  }
}

TEST(CopyBlockTest, RunsOfNoWholeBytesAreRefused) {
  HostBlockPool pool;
  HostMemory memory(pool);
  std::array<std::byte, 8> bytes{};
  expect_error(ErrorCode::kUnsupported, {"'x'", "i4", "no whole bytes"}, [&] {
    copy_block(memory, {}, DType::kI4, {2, 3}, bytes.data(), {2, 4}, bytes.data(), {2, 3}, "x");
  });
}

}  // namespace
}  // namespace replayrt::detail
