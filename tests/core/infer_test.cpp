#include "replayrt/core/infer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/expect_error.hpp"
#include "core/fake_calls.hpp"

namespace replayrt {
namespace {

TEST(InferTest, RouteAndReasonAreTold) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(4);
  const InferResult plain = call(engine, counted(1));
  EXPECT_EQ(plain.route, Route::kEager);
  EXPECT_EQ(plain.reason, Reason::kNoCache);
  const InferResult captured = call(engine, counted(1), cache);
  EXPECT_EQ(captured.route, Route::kCaptured);
  EXPECT_EQ(captured.reason, Reason::kNone);
  const InferResult replayed = call(engine, counted(1), cache);
  EXPECT_EQ(replayed.route, Route::kReplayed);
  EXPECT_EQ(replayed.replayed_runs, 1);
  EXPECT_EQ(replayed.eager_runs + replayed.captured_runs, 0);
}

TEST(InferTest, DisableCudaGraphsLeavesTheCacheOut) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(4);
  InferOptions disabled;
  disabled.disable_cuda_graphs = true;
  const InferResult result = call(engine, counted(1), cache, disabled);
  EXPECT_EQ(result.route, Route::kEager);
  EXPECT_EQ(result.reason, Reason::kDisabled);
  EXPECT_EQ(cache->stats().calls, 0U);
  EXPECT_EQ(options.counters->captures, 0);
  EXPECT_EQ(call(engine, counted(1), cache).route, Route::kCaptured);
}

TEST(InferTest, TheSeedsNameIsTheSameFunction) {
  const Engine engine = fakes::make_fake_engine();
  const Tensor input = counted(2);
  const TensorView view = input.view();
  EXPECT_EQ(infer_from_trt_engine(engine, {&view, 1}).outputs[0].as<float>()[5], 6);
}

/// Graphs that two rounds of calls leave in a cache, each made once.
std::size_t keys_after(const Engine& engine, const std::vector<Tensor>& inputs,
                       const InferOptions& given) {
  const auto cache = std::make_shared<GraphCache>(8);
  for (int round = 0; round < 2; ++round) {
    for (const Tensor& input : inputs) {
      const InferResult result = call(engine, input, cache, given);
      EXPECT_TRUE(std::ranges::equal(result.outputs[0].as<float>(), input.as<float>()));
    }
  }
  const std::size_t keys = cache->list_keys().size();
  EXPECT_EQ(cache->stats().captured, keys);
  return keys;
}

TEST(InferTest, InPlaceEachAddressIsAKeyWhereTheBackendCan) {
  fakes::FakeOptions options;
  const Engine copies = fakes::make_fake_engine(options);
  options.binds = true;
  std::vector<const void*> captured_at;
  options.on_capture = [&](const InputSignature& signature) {
    captured_at.push_back(signature[0].address);
  };
  const Engine binds = fakes::make_fake_engine(options);
  const std::vector<Tensor> inputs = {counted(2), counted(2)};
  InferOptions in_place;
  in_place.input_binding = InputBinding::kInPlace;
  EXPECT_EQ(keys_after(binds, inputs, {}), 1U);
  EXPECT_EQ(keys_after(binds, inputs, in_place), 2U);
  EXPECT_EQ(captured_at, (std::vector<const void*>{nullptr, inputs[0].data(), inputs[1].data()}));
  EXPECT_EQ(keys_after(copies, inputs, in_place), 1U);
  const TensorView view = inputs[0].view();
  EXPECT_EQ(binds.key_for({&view, 1}).inputs()[0].address, nullptr);
  EXPECT_EQ(binds.key_for({&view, 1}, InputBinding::kInPlace).inputs()[0].address, view.data);
}

TEST(InferTest, OfABatchOnlyRowsThatAreNotPaddedAreReadInPlace) {
  fakes::FakeOptions options;
  options.binds = true;
  const Engine engine = fakes::make_fake_engine(options);
  InferOptions in_place;
  in_place.input_binding = InputBinding::kInPlace;
  in_place.batch_limits = BatchLimits{2, 2};
  const std::vector<Tensor> inputs = {counted(5), counted(5)};
  // Two chunks of each input in place, and one key for the padded ones of both.
  EXPECT_EQ(keys_after(engine, inputs, in_place), 5U);
}

struct BatchCase {
  std::int64_t rows;
  BatchLimits limits;
  std::int64_t chunks;
  std::int64_t padding;
  std::int64_t keys;
};

class InferBatchTest : public testing::TestWithParam<BatchCase> {};

// The rules of the spec, section 1.5.
TEST_P(InferBatchTest, AnswersAsIfRunWhole) {
  const BatchCase& c = GetParam();
  fakes::FakeOptions options;
  options.salt = 1;  // A row of zeros answers something, so that padding that is not cut shows.
  const Engine engine = fakes::make_fake_engine(options);
  const Tensor input = counted(c.rows);
  std::array views{input.view()};
  const std::vector<float> expected = fakes::expected_sum(options, views);
  for (const auto& cache : {std::shared_ptr<GraphCache>(), std::make_shared<GraphCache>(8)}) {
    InferOptions infer_options;
    infer_options.batch_limits = c.limits;
    const InferResult result = call(engine, input, cache, infer_options);
    EXPECT_EQ(result.outputs[0].shape(), (Shape{c.rows, 3}));
    EXPECT_EQ(result.outputs[1].shape(), (Shape{c.rows}));
    EXPECT_TRUE(std::ranges::equal(result.outputs[0].as<float>(), expected));
    for (std::int64_t row = 0; row < c.rows; ++row) {
      EXPECT_EQ(result.outputs[1].as<float>()[static_cast<std::size_t>(row)],
                9 * static_cast<float>(row) + 9);
    }
    EXPECT_EQ(result.eager_runs + result.captured_runs + result.replayed_runs, c.chunks);
    EXPECT_EQ(result.padded_rows, c.padding);
    if (cache != nullptr) {
      EXPECT_EQ(cache->get_current_size(), c.keys);
      EXPECT_EQ(result.captured_runs, c.keys);
      EXPECT_EQ(result.route, Route::kCaptured);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Spec, InferBatchTest,
    testing::Values(BatchCase{5, {4, 4}, 2, 3, 1}, BatchCase{5, {2, 2}, 3, 1, 1},
                    BatchCase{5, {1, 8}, 1, 0, 1}, BatchCase{5, {1, 2}, 3, 0, 2},
                    BatchCase{3, {5, 8}, 1, 2, 1}, BatchCase{0, {2, 4}, 1, 2, 1},
                    BatchCase{4, {4, 4}, 1, 0, 1}, BatchCase{1, {1, 1}, 1, 0, 1}));

TEST(InferTest, CopiesAreCounted) {
  const Engine engine = fakes::make_fake_engine();
  InferOptions options;
  EXPECT_EQ(call(engine, counted(4), nullptr, options).bytes_copied, 0U);
  options.batch_limits = BatchLimits{4, 4};
  EXPECT_EQ(call(engine, counted(4), nullptr, options).bytes_copied, 0U);
  EXPECT_EQ(call(engine, counted(3), nullptr, options).bytes_copied, 3 * 12U) << "the padded input";
  EXPECT_EQ(call(engine, counted(8), nullptr, options).bytes_copied, 8 * (12U + 4U))
      << "the joined outputs";
}

TEST(InferTest, ManyInputsAndUnbatchedOnes) {
  fakes::FakeOptions options;
  const std::vector<DimensionRange> batched{{1, 64}, DimensionRange::fixed(3)};
  options.inputs.clear();
  for (int i = 0; i < 6; ++i) {
    options.inputs.push_back({"in" + std::to_string(i), DType::kF32, batched});
  }
  const Engine engine = fakes::make_fake_engine(options);
  std::vector<Tensor> inputs(6, counted(5));
  std::vector<TensorView> views;
  for (const Tensor& input : inputs) {
    views.push_back(input.view());
  }
  InferOptions infer_options;
  infer_options.batch_limits = BatchLimits{2, 2};
  const InferResult result = infer(engine, views, infer_options);
  EXPECT_TRUE(
      std::ranges::equal(result.outputs[0].as<float>(), fakes::expected_sum(options, views)));
  inputs[3] = counted(4);
  views[3] = inputs[3].view();
  expect_error(ErrorCode::kModelInput, {"'in3'", "batch of 4", "expected 5", "'in0'"},
               [&] { infer(engine, views, infer_options); });
}

TEST(InferTest, ChunksAreValidatedBeforeAnythingRuns) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(4);
  InferOptions infer_options;
  infer_options.batch_limits = BatchLimits{2000, 2000};
  expect_error(ErrorCode::kModelInput, {"'x'", "2000x3", "1..1024"},
               [&] { call(engine, counted(1), cache, infer_options); });
  infer_options.batch_limits = BatchLimits{0, 3};
  expect_error(ErrorCode::kInvalidParameter, {"min 0"},
               [&] { call(engine, counted(1), cache, infer_options); });
  EXPECT_EQ(options.counters->eager_runs + options.counters->captures, 0);
  infer_options.batch_limits = BatchLimits{1, 2};
  EXPECT_EQ(call(engine, counted(3), cache, infer_options).outputs[0].as<float>()[8], 9);
}

/// An engine that answers every row with the sum of the whole batch: what padding holds shows. On
/// whatever device it is said to be, its memory is the host's; `asked_for` gets the places that
/// memory was asked for.
class SumOfBatch final : public EngineBackend {
 public:
  explicit SumOfBatch(Device device = {}, std::vector<Device>* asked_for = nullptr)
      : device_(device), memory_(asked_for) {}

  std::string_view name() const noexcept override { return "sum"; }
  Device device() const noexcept override { return device_; }
  const std::vector<TensorSpec>& inputs() const noexcept override { return specs_; }
  const std::vector<TensorSpec>& outputs() const noexcept override { return specs_; }
  std::size_t max_eager_executors() const noexcept override { return 1; }
  MemoryResource& memory() noexcept override { return memory_; }
  std::unique_ptr<Executor> make_eager() override { return std::make_unique<Run>(); }
  std::unique_ptr<Executor> capture(const InputSignature& /*signature*/) override {
    return std::make_unique<Run>();
  }

 private:
  class Run final : public Executor {
   public:
    RunReport run(std::span<const TensorView> inputs, const RunContext& /*context*/,
                  TensorList& outputs) override {
      TensorView input = inputs[0];
      input.device = {};
      float sum = 0;
      for (const float value : input.as<float>()) {
        sum += value;
      }
      const Tensor& output = outputs.emplace_back(Tensor::allocate(DType::kF32, inputs[0].shape));
      std::ranges::fill(output.as<float>(), sum);
      return {};
    }
    std::size_t bytes() const noexcept override { return 1; }
  };
  /// Memory that is never zero by chance.
  class DirtyMemory final : public MemoryResource {
   public:
    explicit DirtyMemory(std::vector<Device>* asked_for) : asked_for_(asked_for) {}
    Tensor allocate(DType dtype, const Shape& shape, const Device& where,
                    const RunContext&) override {
      if (asked_for_ != nullptr) {
        asked_for_->push_back(where);
      }
      Tensor tensor = Tensor::allocate(dtype, shape);
      std::memset(tensor.data(), 0x42, tensor.bytes());
      return tensor;
    }
    void copy(void* to, const void* from, std::size_t bytes,
              const RunContext& /*context*/) override {
      std::memcpy(to, from, bytes);
    }
    void fill_zero(void* to, std::size_t bytes, const RunContext& /*context*/) override {
      std::memset(to, 0, bytes);
    }

   private:
    std::vector<Device>* asked_for_;
  };
  const Device device_;
  std::vector<TensorSpec> specs_ = {{"x", DType::kF32, std::vector<DimensionRange>{{}, {}}}};
  DirtyMemory memory_;
};

TEST(InferTest, PaddingIsZeros) {
  const Engine engine(std::make_unique<SumOfBatch>());
  InferOptions options;
  options.batch_limits = BatchLimits{4, 4};
  EXPECT_EQ(call(engine, counted(1), nullptr, options).outputs[0].as<float>()[0], 1 + 2 + 3);
  EXPECT_EQ(call(engine, counted(0), nullptr, options).outputs[0].shape(), (Shape{0, 3}));
}

TEST(InferTest, PaddedInputsLieWhereTheCallersDo) {
  const Device gpu{DeviceType::kCuda, 1};
  std::vector<Device> asked_for;
  const Engine engine(std::make_unique<SumOfBatch>(gpu, &asked_for));
  const Tensor rows = counted(3);
  for (const Device& where : {Device{}, gpu}) {
    asked_for.clear();
    TensorView view = rows.view();
    view.device = where;
    const InferResult result = infer(engine, {&view, 1}, {.batch_limits = BatchLimits{2, 2}});
    // The second chunk's padding; the joined result, which lies where its parts lie.
    EXPECT_EQ(asked_for, (std::vector<Device>{Device{}, where}));
    EXPECT_EQ(result.outputs[0].shape(), (Shape{3, 3}));
  }
}

/// An engine whose second output does not have the batch as dimension 0.
class WholeBatchOutput final : public EngineBackend {
 public:
  std::string_view name() const noexcept override { return "odd"; }
  Device device() const noexcept override { return {}; }
  const std::vector<TensorSpec>& inputs() const noexcept override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const noexcept override { return outputs_; }
  std::size_t max_eager_executors() const noexcept override { return 1; }
  MemoryResource& memory() noexcept override { return memory_; }
  std::unique_ptr<Executor> make_eager() override { return std::make_unique<Run>(); }
  std::unique_ptr<Executor> capture(const InputSignature&) override {
    return std::make_unique<Run>();
  }

 private:
  class Run final : public Executor {
   public:
    RunReport run(std::span<const TensorView> inputs, const RunContext&,
                  TensorList& outputs) override {
      outputs.push_back(Tensor::copy_of(inputs[0]));
      outputs.push_back(Tensor::allocate(DType::kF32, {1, inputs[0].shape[0]}));
      return {};
    }
    std::size_t bytes() const noexcept override { return 1; }
  };
  class Memory final : public MemoryResource {
   public:
    Tensor allocate(DType dtype, const Shape& shape, const Device&, const RunContext&) override {
      return Tensor::allocate(dtype, shape);
    }
    void copy(void* to, const void* from, std::size_t bytes, const RunContext&) override {
      std::memcpy(to, from, bytes);
    }
    void fill_zero(void* to, std::size_t bytes, const RunContext&) override {
      std::memset(to, 0, bytes);
    }
  };
  std::vector<TensorSpec> inputs_ = {{"x", DType::kF32, std::vector<DimensionRange>{{}, {}}}};
  std::vector<TensorSpec> outputs_ = {{"y", DType::kF32, std::nullopt},
                                      {"table", DType::kF32, std::nullopt}};
  Memory memory_;
};

TEST(InferTest, OutputsWithoutABatchAreNeitherCutNorMisjoined) {
  const Engine engine(std::make_unique<WholeBatchOutput>());
  InferOptions options;
  options.batch_limits = BatchLimits{1, 4};
  EXPECT_EQ(call(engine, counted(4), nullptr, options).outputs[1].shape(), (Shape{1, 4}))
      << "whole batches are fine";
  expect_error(ErrorCode::kModelRuntime, {"'table'", "1x4", "batch of 4"},
               [&] { call(engine, counted(6), nullptr, options); });
  options.batch_limits = BatchLimits{4, 4};
  expect_error(ErrorCode::kModelRuntime, {"'table'"},
               [&] { call(engine, counted(2), nullptr, options); });
}

}  // namespace
}  // namespace replayrt
