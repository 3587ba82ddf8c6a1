#include "replayrt/core/tensor.hpp"

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/expect_error.hpp"

namespace replayrt {
namespace {

TEST(TensorTest, MemoryIsAlignedAndShared) {
  const Tensor tensor = Tensor::allocate(DType::kF32, {2, 3});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0U);
  const Tensor other = tensor;
  other.as<float>()[5] = 4;
  EXPECT_EQ(tensor.as<float>()[5], 4);
  EXPECT_EQ(tensor.bytes(), 24U);
}

TEST(TensorTest, ViewsReadTheSameElements) {
  const std::array<float, 6> values{1, 2, 3, 4, 5, 6};
  const TensorView view = view_of(std::span<const float>(values), {2, 3});
  EXPECT_EQ(view.as<float>()[4], 5);
  EXPECT_EQ(view.bytes(), 24U);
  const Tensor copy = Tensor::copy_of(view);
  EXPECT_NE(copy.data(), view.data);
  EXPECT_EQ(copy.as<float>()[4], 5);
  expect_error(ErrorCode::kModelInput, {"2x4", "6 were given"}, [&] {
    view_of(std::span<const float>(values), {2, 4});
  });
}

TEST(TensorTest, WrongElementTypesAreNamed) {
  const Tensor tensor = Tensor::allocate(DType::kF16, {2});
  expect_error(ErrorCode::kModelInput, {"f16", "f32"},
               [&] { static_cast<void>(tensor.as<float>()); });
  expect_error(ErrorCode::kModelInput, {"f16", "i64"},
               [&] { static_cast<void>(tensor.view().as<std::int64_t>()); });
}

TEST(TensorTest, DeviceMemoryIsNotReadOnTheHost) {
  const TensorView view{nullptr, DType::kF32, {1}, {DeviceType::kCuda, 1}};
  expect_error(ErrorCode::kModelInput, {"cuda:1", "host"},
               [&] { static_cast<void>(view.as<float>()); });
  expect_error(ErrorCode::kModelInput, {"cuda:1", "host"}, [&] { Tensor::copy_of(view); });
}

TEST(TensorTest, FirstRowsShareTheMemory) {
  const Tensor tensor = Tensor::allocate(DType::kI32, {3, 2});
  const Tensor two = tensor.first_rows(2);
  EXPECT_EQ(two.shape(), (Shape{2, 2}));
  EXPECT_EQ(two.data(), tensor.data());
  EXPECT_EQ(tensor.first_rows(0).shape(), (Shape{0, 2}));
  expect_error(ErrorCode::kInvalidParameter, {"3x2", "first 4"},
               [&] { static_cast<void>(tensor.first_rows(4)); });
  expect_error(ErrorCode::kInvalidParameter, {"scalar"},
               [] { static_cast<void>(Tensor::allocate(DType::kI32, {}).first_rows(0)); });
}

/// A block that counts how often it comes back.
class CountingBlock final : public Block {
 public:
  CountingBlock(void* data, std::size_t bytes, int* recycled)
      : Block(data, bytes), recycled_(recycled) {}
  ~CountingBlock() override = default;

 private:
  void recycle() noexcept override { ++*recycled_; }
  int* recycled_;
};

TEST(TensorTest, TheLastOwnerGivesTheBlockBack) {
  std::array<float, 4> memory{};
  int recycled = 0;
  CountingBlock block(memory.data(), sizeof memory, &recycled);
  {
    Tensor tensor(BlockRef(&block), DType::kF32, {4});
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([copy = tensor] {
        for (int j = 0; j < 100; ++j) {
          const Tensor another = copy;  // NOLINT(performance-unnecessary-copy-initialization)
          EXPECT_EQ(another.shape()[0], 4);
        }
      });
    }
    tensor = Tensor();
    threads.clear();
  }
  EXPECT_EQ(recycled, 1);
  expect_error(ErrorCode::kInvalidParameter, {"f32 5", "20 bytes", "16"},
               [&] { Tensor(BlockRef(&block), DType::kF32, {5}); });
  EXPECT_EQ(recycled, 2);
}

TEST(TensorTest, ImpossibleSizesAreErrors) {
  expect_error(ErrorCode::kOutOfMemory, {"bytes"},
               [] { Tensor::allocate(DType::kU8, {std::int64_t{1} << 60}); });
}

}  // namespace
}  // namespace replayrt
