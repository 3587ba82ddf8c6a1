// Graphs that read the caller's device memory in place, at addresses that belong to their keys.

#include <optional>

#include "backends/cuda/capture_gate.hpp"
#include "backends/tensorrt/support.hpp"

namespace replayrt::tensorrt_test {
namespace {

using BindingTest = TensorRtTest;

InferResult run_at(const Engine& engine, const TensorView& view,
                   const std::shared_ptr<GraphCache>& cache,
                   InputBinding binding = InputBinding::kInPlace) {
  return infer(engine, {&view, 1}, {.graph_cache = cache, .input_binding = binding});
}

void expect_right(const Plan& plan, const InferResult& result, const Tensor& values) {
  EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {values}));
}

TEST_F(BindingTest, NothingIsCopiedThatIsReadInPlace) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const DeviceTensor input(counted({2, 7}));
  const TensorView view = input.view();
  for (const InputBinding binding : {InputBinding::kCopied, InputBinding::kInPlace}) {
    const bool in_place = binding == InputBinding::kInPlace;
    const auto cache = capturing_cache(2);
    run_at(engine, view, cache, binding);
    const std::int64_t copies = cuda_double::call_count("cudaMemcpyAsync");
    const InferResult result = run_at(engine, view, cache, binding);
    EXPECT_EQ(result.route, Route::kReplayed);
    EXPECT_EQ(cuda_double::call_count("cudaMemcpyAsync"), copies) << "copies are in the graph";
    EXPECT_EQ(result.bytes_copied, (in_place ? 1 : 2) * view.bytes()) << "the output always is";
    EXPECT_EQ(cache->stats().bytes, in_place ? 256 : 512) << "the graph holds no such tensor";
    EXPECT_EQ(cache->list_keys()[0].inputs()[0].address, in_place ? view.data : nullptr);
  }
}

TEST_F(BindingTest, ReplaysReadWhatTheMemoryHoldsThen) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const DeviceTensor input(counted({2, 7}));
  const auto cache = capturing_cache(1);
  for (const float first : {1.0F, 50.0F, 90.0F}) {
    const Tensor values = counted({2, 7}, first);
    std::memcpy(const_cast<void*>(input.view().data), values.data(), values.bytes());
    expect_right(plan, run_at(engine, input.view(), cache), values);
  }
  EXPECT_EQ(cache->stats().replayed, 2U);
}

TEST_F(BindingTest, AnotherAddressIsAnotherGraph) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const Tensor values = counted({2, 7});
  const Tensor others = counted({2, 7}, 50);
  const DeviceTensor first(values);
  const DeviceTensor second(others);
  for (const InputBinding binding : {InputBinding::kCopied, InputBinding::kInPlace}) {
    const auto cache = capturing_cache(4);
    for (int round = 0; round < 2; ++round) {
      expect_right(plan, run_at(engine, first.view(), cache, binding), values);
      expect_right(plan, run_at(engine, second.view(), cache, binding), others);
    }
    EXPECT_EQ(cache->get_current_size(), binding == InputBinding::kInPlace ? 2 : 1);
  }
}

TEST_F(BindingTest, InputsThatTensorRtCannotTakeWhereTheyLieAreCopied) {
  const Plan plan = sum_plan(equal_profiles(), Range::fixed(7), 2);
  const Engine engine = load(plan);
  const Tensor values = counted({2, 7});
  const DeviceTensor misaligned(values, 28);
  const std::vector<TensorView> views = {misaligned.view(), values.view()};
  const auto cache = capturing_cache(1);
  for (int round = 0; round < 2; ++round) {
    const InferResult result =
        infer(engine, views, {.graph_cache = cache, .input_binding = InputBinding::kInPlace});
    EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {values, values}));
  }
  const std::vector<GraphKey> keys = cache->list_keys();
  ASSERT_EQ(keys.size(), 1U);
  for (const TensorSignature& input : keys[0].inputs()) {
    EXPECT_EQ(input.address, nullptr);
  }
}

TEST_F(BindingTest, OneInputMayBeReadInPlaceAndAnotherBeCopied) {
  const Plan plan = sum_plan(equal_profiles(), Range::fixed(7), 2);
  const Engine engine = load(plan);
  const Tensor values = counted({2, 7});
  const Tensor others = counted({2, 7}, 50);
  const DeviceTensor on_device(values);
  const std::vector<TensorView> views = {others.view(), on_device.view()};
  const auto cache = capturing_cache(1);
  for (int round = 0; round < 2; ++round) {
    const InferResult result =
        infer(engine, views, {.graph_cache = cache, .input_binding = InputBinding::kInPlace});
    EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {others, values}));
  }
  EXPECT_EQ(cache->list_keys()[0].inputs()[0].address, nullptr);
  EXPECT_EQ(cache->list_keys()[0].inputs()[1].address, on_device.view().data);
}

TEST_F(BindingTest, ACaptureInTheBackgroundDoesNotReadMemoryThatIsGone) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  GraphCacheOptions options{.capacity = 4};
  options.capture = CaptureMode::kBackground;
  options.admission = Admission::always();
  const auto cache = std::make_shared<GraphCache>(options);
  std::optional gate(cuda::enter_capture(0));  // Keeps the capture waiting.
  {
    const DeviceTensor input(counted({2, 7}));
    const InferResult result = run_at(engine, input.view(), cache);
    EXPECT_EQ(result.reason, Reason::kCapturePending);
    expect_right(plan, result, counted({2, 7}));
  }
  gate.reset();
  cache->wait_idle();
  EXPECT_EQ(cache->get_current_size(), 1);
  const Tensor values = counted({2, 7}, 50);
  const DeviceTensor later(values);
  expect_right(plan, run_at(engine, later.view(), cache), values);
  cache->wait_idle();
}

TEST_F(BindingTest, WhatIsReadInPlaceCanBeVerified) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  GraphCacheOptions options{.capacity = 4};
  options.verify.probability = 1;
  options.admission = Admission::always();
  const auto cache = std::make_shared<GraphCache>(options);
  const Tensor values = counted({2, 7});
  const DeviceTensor input(values);
  const InferResult result = run_at(engine, input.view(), cache);
  EXPECT_EQ(result.route, Route::kCaptured);
  expect_right(plan, result, values);
}

TEST_F(BindingTest, AGraphRefusesAnotherAddress) {
  const Engine engine = load(sum_plan());
  const DeviceTensor input(counted({2, 7}));
  const DeviceTensor other(counted({2, 7}));
  const TensorView view = input.view();
  const auto graph = engine.capture(engine.key_for({&view, 1}, InputBinding::kInPlace).inputs());
  const TensorView wrong = other.view();
  TensorList outputs;
  expect_error(ErrorCode::kModelInput, {"f32 2x7 on cuda at 0x", "captured for"}, [&] {
    graph->run({&wrong, 1}, {}, outputs);
  });
  graph->run({&view, 1}, {}, outputs);
}

TEST_F(BindingTest, AddressesThatCannotBeReadInPlaceAreRefused) {
  const Engine engine = load(sum_plan());
  const DeviceTensor input(counted({2, 7}), 28);
  const void* misaligned = input.view().data;
  for (const TensorSignature& wrong :
       {TensorSignature{DType::kF32, {2, 7}, DeviceType::kCuda, misaligned},
        TensorSignature{
            DType::kF32, {2, 7}, DeviceType::kCpu, static_cast<const float*>(misaligned) - 7}}) {
    expect_error(ErrorCode::kInvalidParameter, {"test.plan", "'a'", "cuda:0", "256"},
                 [&] { static_cast<void>(engine.capture({wrong})); });
  }
}

}  // namespace
}  // namespace replayrt::tensorrt_test
