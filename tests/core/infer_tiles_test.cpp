// Padding up to buckets of several dimensions, which outputs follow by a divisor; on devices, too.

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

#include "core/expect_error.hpp"
#include "core/fake_calls.hpp"
#include "fakes/image_engine.hpp"

namespace replayrt {
namespace {

using testing::ElementsAre;

std::vector<float> values(const Tensor& tensor) {
  const auto elements = tensor.as<float>();
  return {elements.begin(), elements.end()};
}

/// A network of pictures: the mean of each 2 x 4 tile; a tile at the edge is of what there is.
TensorList tile_means(const TensorView& images) {
  const Shape& shape = images.shape;
  const std::int64_t tall = (shape[2] + 1) / 2;
  const std::int64_t wide = (shape[3] + 3) / 4;
  const Tensor out = Tensor::allocate(DType::kF32, {shape[0], shape[1], tall, wide});
  std::ranges::fill(out.as<float>(), 0.F);
  TensorView host = images;
  host.device = {};
  const auto from = host.as<float>();
  const auto to = out.as<float>();
  std::size_t next = 0;
  for (std::int64_t plane = 0; plane < shape[0] * shape[1]; ++plane) {
    for (std::int64_t y = 0; y < shape[2]; ++y) {
      for (std::int64_t x = 0; x < shape[3]; ++x) {
        to[static_cast<std::size_t>((plane * tall + y / 2) * wide + x / 4)] += from[next++] / 8;
      }
    }
  }
  TensorList outputs;
  outputs.push_back(out);
  return outputs;
}

Engine tile_engine() {
  using Dims = std::vector<DimensionRange>;
  fakes::ImageEngineOptions options;
  options.inputs = {{"images", DType::kF32,
                     Dims{{1, 8, {}}, DimensionRange::fixed(2), {1, 64, {}}, {1, 64, {}}}}};
  options.outputs = {{"tiles", DType::kF32, Dims{{}, {}, {}, {}}}};
  options.answer = tile_means;
  return Engine(std::make_unique<fakes::ImageEngine>(std::move(options)));
}

Tensor picture(std::int64_t height, std::int64_t width) {
  Tensor tensor = Tensor::allocate(DType::kF32, {2, 2, height, width});
  float next = 1;
  for (float& value : tensor.as<float>()) {
    value = next++;
  }
  return tensor;
}

InferOptions with_tiles(const Buckets& height, const Buckets& width) {
  InferOptions options;
  options.dimension_buckets = {{.input = 0, .axis = 2, .buckets = height, .outputs = {{0, 2, 2}}},
                               {.input = 0, .axis = 3, .buckets = width, .outputs = {{0, 3, 4}}}};
  return options;
}

TEST(InferTilesTest, SeveralDimensionsAndDivisors) {
  const Engine engine = tile_engine();
  const InferOptions options = with_tiles(Buckets::multiples_of(8), Buckets::powers_of_two());
  for (std::int64_t height = 1; height < 18; height += 2) {
    for (std::int64_t width = 1; width < 20; width += 3) {
      const Tensor input = picture(height, width);
      const InferResult plain = call(engine, input);
      const InferResult padded = call(engine, input, nullptr, options);
      ASSERT_EQ(padded.outputs[0].shape(), plain.outputs[0].shape());
      ASSERT_EQ(values(padded.outputs[0]), values(plain.outputs[0])) << height << "x" << width;
    }
  }
}

TEST(InferTilesTest, AnOutputThatDoesNotFollowIsAnErrorThatNamesIt) {
  const Engine engine = tile_engine();
  InferOptions options = with_tiles(Buckets::none(), Buckets::multiples_of(16));
  options.dimension_buckets[1].outputs[0].divisor = 8;
  expect_error(ErrorCode::kModelRuntime,
               {"'tiles'", "2x2x2x4", "16 along axis 3", "'images'", "expected 2 along axis 3"},
               [&] { call(engine, picture(4, 12), nullptr, options); });
  options.dimension_buckets.erase(options.dimension_buckets.begin());
  options.dimension_buckets[0].outputs[0] = {.output = 0, .axis = 2, .divisor = 4};
  expect_error(ErrorCode::kModelRuntime, {"'tiles'", "expected 4 along axis 2"},
               [&] { call(engine, picture(4, 12), nullptr, options); });
}

/// Host memory that is said to be a device's, is never zero by chance, and knows no `fill`.
class DirtyMemory final : public MemoryResource {
 public:
  Tensor allocate(DType dtype, const Shape& shape, const Device& where,
                  const RunContext&) override {
    asked_for.push_back(where);
    const Tensor tensor = Tensor::allocate(dtype, shape);
    std::memset(tensor.data(), 0x42, tensor.bytes());
    return Tensor(block_of(tensor), dtype, shape, where);
  }
  void copy(void* to, const void* from, std::size_t bytes, const RunContext&) override {
    std::memcpy(to, from, bytes);
  }
  void fill_zero(void* to, std::size_t bytes, const RunContext&) override {
    std::memset(to, 0, bytes);
  }

  std::vector<Device> asked_for;

 private:
  class Lent final : public Block {
   public:
    explicit Lent(const Tensor& owner) : Block(owner.data(), owner.bytes()), owner_(owner) {}

   private:
    ~Lent() override = default;
    void recycle() noexcept override { delete this; }
    Tensor owner_;
  };
  static BlockRef block_of(const Tensor& tensor) { return BlockRef(new Lent(tensor)); }
};

/// Answers with tiles that lie on the device.
class DeviceTiles final : public EngineBackend {
 public:
  explicit DeviceTiles(std::shared_ptr<DirtyMemory> memory) : memory_(std::move(memory)) {}
  std::string_view name() const noexcept override { return "tiles"; }
  Device device() const noexcept override { return {DeviceType::kCuda, 1}; }
  const std::vector<TensorSpec>& inputs() const noexcept override { return specs_; }
  const std::vector<TensorSpec>& outputs() const noexcept override { return specs_; }
  std::size_t max_eager_executors() const noexcept override { return 1; }
  MemoryResource& memory() noexcept override { return *memory_; }
  std::unique_ptr<Executor> make_eager() override { return std::make_unique<Run>(*memory_); }
  std::unique_ptr<Executor> capture(const InputSignature&) override {
    return std::make_unique<Run>(*memory_);
  }

 private:
  class Run final : public Executor {
   public:
    explicit Run(DirtyMemory& memory) : memory_(memory) {}
    RunReport run(std::span<const TensorView> inputs, const RunContext& context,
                  TensorList& outputs) override {
      const Tensor tiles = tile_means(inputs[0])[0];
      const Tensor there =
          memory_.allocate(DType::kF32, tiles.shape(), {DeviceType::kCuda, 1}, context);
      memory_.asked_for.pop_back();
      std::memcpy(there.data(), tiles.data(), tiles.bytes());
      outputs.push_back(there);
      return {};
    }
    std::size_t bytes() const noexcept override { return 1; }

   private:
    DirtyMemory& memory_;
  };

  std::shared_ptr<DirtyMemory> memory_;
  std::vector<TensorSpec> specs_ = {{"x", DType::kF32, std::nullopt}};
};

TEST(InferTilesTest, PaddingAndCuttingHappenWhereTheTensorsLie) {
  const Device gpu{DeviceType::kCuda, 1};
  const auto memory = std::make_shared<DirtyMemory>();
  const Engine engine(std::make_unique<DeviceTiles>(memory));
  const Tensor input = picture(3, 10);
  const TensorList expected = tile_means(input.view());
  for (const Device& where : {Device{}, gpu}) {
    memory->asked_for.clear();
    TensorView view = input.view();
    view.device = where;
    const InferResult result =
        infer(engine, {&view, 1}, with_tiles(Buckets::multiples_of(4), Buckets::multiples_of(16)));
    EXPECT_THAT(memory->asked_for, ElementsAre(where, gpu)) << "the input; what is cut";
    EXPECT_EQ(result.outputs[0].device(), gpu);
    EXPECT_EQ(result.outputs[0].shape(), expected[0].shape());
    EXPECT_EQ(std::memcmp(result.outputs[0].data(), expected[0].data(), expected[0].bytes()), 0);
  }
}

}  // namespace
}  // namespace replayrt
