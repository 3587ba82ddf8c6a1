// How graphs are made, what they hold, and what cannot become one.

#include <deque>

#include "backends/tensorrt/backend.hpp"
#include "backends/tensorrt/support.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::tensorrt_test {
namespace {

class CaptureTest : public TensorRtTest {
 protected:
  CaptureTest() { set_log_sink({}, LogLevel::kOff); }
};

/// Whether any number of contexts may use one profile of such a plan in this version.
constexpr bool shared(const Plan& plan) {
  return REPLAYRT_FAKE_TENSORRT >= 1000 || (REPLAYRT_FAKE_TENSORRT >= 806 && plan.shares_profiles);
}

/// A plan of which many graphs can be made, whatever the version.
Plan roomy_plan() {
  Plan plan = sum_plan(equal_profiles(12));
  plan.activation_base = 100'000;
  plan.activation_per_byte = 8;
  return plan;
}

std::size_t device_bytes() {
  return cuda_double::memory_use().bytes;
}

TEST_F(CaptureTest, ActivationMemoryIsSlotsTimesTheLargestNotTheSum) {
  const Plan plan = roomy_plan();
  const std::size_t block = 100'000 + 8 * 64 * 7 * sizeof(float);
  for (const std::int64_t slots : {1, 2, 3}) {
    LoadOptions options;
    options.tensorrt.activation_slots = slots;
    const std::size_t before = device_bytes();
    const Engine engine = load(plan, options);
    const std::size_t loaded = device_bytes() - before;
    EXPECT_GE(loaded, static_cast<std::size_t>(slots) * block);
    EXPECT_LT(loaded, static_cast<std::size_t>(slots) * block + 8192) << "weights and little else";
    const auto cache = capturing_cache(16);
    for (std::int64_t rows = 1; rows <= 10; ++rows) {
      ASSERT_EQ(run(engine, {counted({rows, 7})}, cache).route, Route::kCaptured);
    }
    EXPECT_EQ(cache->get_current_size(), 10);
    // Ten graphs hold their tensors, but no activation memory.
    EXPECT_LT(device_bytes() - before - loaded, block);
    // Counted once, and not as theirs.
    EXPECT_GE(cache->stats().shared_bytes,
              static_cast<std::int64_t>(static_cast<std::size_t>(slots) * block));
    EXPECT_LE(cache->stats().shared_bytes, static_cast<std::int64_t>(loaded));
    EXPECT_LT(cache->stats().bytes, static_cast<std::int64_t>(block));
  }
}

TEST_F(CaptureTest, FootprintIsWhatAGraphHolds) {
  const Engine engine = load(roomy_plan());
  const auto cache = capturing_cache(4);
  run(engine, {counted({10, 7})}, cache);
  // 280 bytes in and out on the device and in once more in pinned memory, each rounded up to 256.
  EXPECT_EQ(cache->stats().bytes, 3 * 512);
}

TEST_F(CaptureTest, EvictionGivesTheMemoryBack) {
  const Engine engine = load(roomy_plan());
  const auto cache = capturing_cache(1);
  const auto capture = [&](std::int64_t rows) { run(engine, {counted({rows, 7})}, cache); };
  capture(1);
  capture(2);
  const std::size_t held = device_bytes();
  const cuda_double::Live things = cuda_double::live();
  for (int i = 0; i < 5; ++i) {
    capture(1);
    capture(2);
  }
  EXPECT_EQ(device_bytes(), held);
  EXPECT_EQ(cuda_double::live(), things);
}

TEST_F(CaptureTest, ReplaysDoNotCallTensorRt) {
  const Plan plan = roomy_plan();
  const Engine engine = load(plan);
  const auto cache = capturing_cache(1);
  run(engine, {counted({2, 7})}, cache);
  const std::int64_t calls = trt_double::call_count();
  const std::int64_t copies = cuda_double::call_count("cudaMemcpyAsync");
  const std::int64_t allocations = cuda_double::call_count("cudaMalloc");
  const Tensor input = counted({2, 7}, 50);
  EXPECT_EQ(values_of(run(engine, {input}, cache).outputs[0]), expected_sum(plan, {input}));
  EXPECT_EQ(trt_double::call_count(), calls);
  EXPECT_EQ(cuda_double::call_count("cudaMemcpyAsync"), copies) << "copies are in the graph";
  EXPECT_EQ(cuda_double::call_count("cudaMalloc"), allocations);
}

TEST_F(CaptureTest, EachShapeHasAContextOfItsOwnThatIsNeverReshaped) {
  const Plan plan = roomy_plan();
  const Engine engine = load(plan);
  const auto cache = capturing_cache(4);
  const auto run_all = [&] {
    for (const std::int64_t rows : {1, 2, 3}) {
      const Tensor input = counted({rows, 7});
      EXPECT_EQ(values_of(run(engine, {input}, cache).outputs[0]), expected_sum(plan, {input}));
    }
  };
  run_all();
  EXPECT_GE(trt_double::live().contexts, 3);
  const std::int64_t reshaped = trt_double::call_count("setInputShape");
  run_all();
  EXPECT_EQ(trt_double::call_count("setInputShape"), reshaped);
}

TEST_F(CaptureTest, AuxiliaryStreamsAreRecordedToo) {
  Plan plan = roomy_plan();
  plan.auxiliary_streams = 3;
  const Engine engine = load(plan);
  const auto cache = capturing_cache(4);
  for (const std::int64_t rows : {1, 2, 1, 2}) {
    const Tensor input = counted({rows, 7});
    EXPECT_EQ(values_of(run(engine, {input}, cache).outputs[0]), expected_sum(plan, {input}));
    EXPECT_EQ(values_of(run(engine, {input}).outputs[0]), expected_sum(plan, {input}));
  }
  EXPECT_EQ(cache->stats().captured, 2U);
}

TEST_F(CaptureTest, APluginThatWaitsIsServedEagerly) {
  Plan plan = roomy_plan();
  plan.plugin_synchronizes = true;
  const Engine engine = load(plan);
  const auto cache = capturing_cache(4);
  const Tensor input = counted({2, 7});
  for (int i = 0; i < 2; ++i) {
    const InferResult result = run(engine, {input}, cache);
    EXPECT_EQ(result.route, Route::kEager);
    EXPECT_EQ(result.reason, Reason::kCaptureFailed);
    EXPECT_EQ(values_of(result.outputs[0]), expected_sum(plan, {input}));
  }
  EXPECT_EQ(cuda_double::live().captures, 0U);
}

TEST_F(CaptureTest, TheRefusalHoldsWhatTensorRtSaid) {
  Plan plan = roomy_plan();
  plan.plugin_synchronizes = true;
  const Engine engine = load(plan);
  expect_error(ErrorCode::kModelRuntime, {"test.plan", "[error]", "a plugin failed"}, [&] {
    static_cast<void>(engine.capture({{DType::kF32, {2, 7}}}));
  });
}

TEST_F(CaptureTest, AnEngineThatRecordsNothingIsRefused) {
  Plan plan = roomy_plan();
  plan.captures_nothing = true;
  const Engine engine = load(plan);
  // Fed on the device: from the host, the copy would be a node.
  EXPECT_THROW(static_cast<void>(engine.capture({{DType::kF32, {2, 7}, DeviceType::kCuda}})),
               CaptureRefused);
}

TEST_F(CaptureTest, AGraphRefusesOtherInputs) {
  const Engine engine = load(roomy_plan());
  const auto graph = engine.capture({{DType::kF32, {2, 7}}});
  const Tensor input = counted({3, 7});
  const TensorView view = input.view();
  TensorList outputs;
  expect_error(ErrorCode::kModelInput, {"f32 3x7", "captured for"}, [&] {
    graph->run({&view, 1}, {}, outputs);
  });
  expect_error(ErrorCode::kModelInput, {"100x7"}, [&] {
    static_cast<void>(engine.capture({{DType::kF32, {100, 7}}}));
  });
}

TEST_F(CaptureTest, ProfilesAreSharedWhereTheVersionAllowsIt) {
  for (const bool built_to_share : {false, true}) {
    Plan plan = sum_plan({{1, 4, 64}, {1, 4, 64}});
    plan.shares_profiles = built_to_share;
    const Engine engine = load(plan);
    const auto cache = capturing_cache(8);
    std::vector<InferResult> results;
    for (const std::int64_t rows : {1, 2, 3}) {
      const Tensor input = counted({rows, 7});
      results.push_back(run(engine, {input}, cache));
      EXPECT_EQ(values_of(results.back().outputs[0]), expected_sum(plan, {input}));
    }
    EXPECT_EQ(results[0].route, Route::kCaptured);
    EXPECT_EQ(results[2].route, shared(plan) ? Route::kCaptured : Route::kEager);
    EXPECT_EQ(results[2].reason, shared(plan) ? Reason::kNone : Reason::kNoFreeProfile);
  }
}

TEST_F(CaptureTest, FixedShapesNeedNoProfileOfTheirOwn) {
  const Plan plan = sum_plan({Range::fixed(2)});
  const Engine engine = load(plan);
  const Tensor input = counted({2, 7});
  run(engine, {input});
  const auto first = engine.capture({{DType::kF32, {2, 7}}});
  const auto second = engine.capture({{DType::kF32, {2, 7}}});
  const TensorView view = input.view();
  for (Executor* graph : {first.get(), second.get()}) {
    TensorList outputs;
    graph->run({&view, 1}, {}, outputs);
    EXPECT_EQ(values_of(outputs[0]), expected_sum(plan, {input}));
  }
}

TEST_F(CaptureTest, RunsInFlightOnOneSlotDoNotDisturbEachOther) {
  const Plan plan = roomy_plan();
  LoadOptions options;
  options.tensorrt.activation_slots = 1;
  const Engine engine = load(plan, options);
  const auto cache = capturing_cache(8);
  for (int round = 0; round < 2; ++round) {
    std::vector<Tensor> inputs;
    std::vector<InferResult> results;
    for (const std::int64_t rows : {1, 2, 3, 4}) {
      inputs.push_back(counted({rows, 7}, static_cast<float>(rows)));
      results.push_back(run(engine, {inputs.back()}, cache, {.synchronize = false}));
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
      results[i].completion.wait();
      EXPECT_EQ(values_of(results[i].outputs[0]), expected_sum(plan, {inputs[i]}));
    }
    cache->wait_idle();
  }
}

TEST_F(CaptureTest, AGraphMayRunAgainBeforeItsLastRunIsComplete) {
  const Plan plan = roomy_plan();
  const Engine engine = load(plan);
  const auto graph = engine.capture({{DType::kF32, {2, 7}}});
  const std::vector<Tensor> inputs = {counted({2, 7}), counted({2, 7}, 50), counted({2, 7}, 90)};
  std::vector<TensorList> outputs(inputs.size());
  std::vector<Completion> completions;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorView view = inputs[i].view();
    completions.push_back(graph->run({&view, 1}, {.synchronize = false}, outputs[i]).completion);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    completions[i].wait();
    EXPECT_EQ(values_of(outputs[i][0]), expected_sum(plan, {inputs[i]}));
  }
}

// Nor does a call wait for it: its pinned memory may not be written before.
TEST_F(CaptureTest, AGraphFedFromTheHostIsBusyUntilItsRunIsComplete) {
  const Plan plan = roomy_plan();
  const Engine engine = load(plan);
  const auto cache = capturing_cache(1);
  const std::vector<Tensor> inputs = {counted({2, 7}), counted({2, 7}, 50)};
  run(engine, {inputs[0]}, cache);
  run(engine, {inputs[0]});  // So that there is an eager executor.
  cuda_double::hold();
  std::vector<InferResult> results;
  for (const Tensor& input : inputs) {
    results.push_back(run(engine, {input}, cache, {.synchronize = false}));
  }
  EXPECT_EQ(results[0].route, Route::kReplayed);
  EXPECT_EQ(results[1].route, Route::kEager);
  EXPECT_EQ(results[1].reason, Reason::kBusy);
  cuda_double::release();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    results[i].completion.wait();
    EXPECT_EQ(values_of(results[i].outputs[0]), expected_sum(plan, {inputs[i]}));
  }
}

// Unlike that one it is fed on the device.
TEST_F(CaptureTest, ReplaysOnTheDeviceFollowEachOtherWithoutWaiting) {
  const Plan plan = roomy_plan();
  const Engine engine = load(plan);
  const auto cache = capturing_cache(1);
  const cuda::Stream stream = cuda::make_stream();
  const std::vector<Tensor> values = {counted({2, 7}), counted({2, 7}, 50), counted({2, 7}, 90)};
  std::deque<DeviceTensor> inputs;
  std::vector<InferResult> results;
  for (const Tensor& tensor : values) {
    inputs.emplace_back(tensor);
  }
  const auto call = [&](std::size_t i) {
    const TensorView view = inputs[i].view();
    return infer(engine, {&view, 1},
                 {.graph_cache = cache, .context = {.stream = stream.get(), .synchronize = false}});
  };
  call(0).completion.wait();
  cuda_double::hold();
  for (std::size_t i = 0; i < values.size(); ++i) {
    results.push_back(call(i));
    EXPECT_EQ(results[i].route, Route::kReplayed);
    EXPECT_FALSE(results[i].completion.done());
  }
  cuda_double::release();
  ASSERT_EQ(cudaStreamSynchronize(stream.get()), cudaSuccess);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values_of(on_host(results[i].outputs[0])), expected_sum(plan, {values[i]}));
  }
}

// Memory of an allocator that maps it otherwise: copied to a block of ours, and from there.
TEST_F(CaptureTest, InputsThatTheGraphCannotCopyFromAreCopiedBefore) {
  const Plan plan = roomy_plan();
  const Engine engine = load(plan);
  const auto cache = capturing_cache(1);
  const Tensor values = counted({2, 7}, 3);
  const DeviceTensor first(counted({2, 7}));
  const DeviceTensor second(values);
  const auto call = [&](const DeviceTensor& input) {
    const TensorView view = input.view();
    return infer(engine, {&view, 1}, {.graph_cache = cache});
  };
  const std::size_t copied = call(first).bytes_copied;
  cuda_double::fail_call("cudaGraphExecMemcpyNodeSetParams1D", 1, cudaErrorInvalidValue);
  const InferResult result = call(second);
  EXPECT_EQ(cuda_double::failed_call(), "cudaGraphExecMemcpyNodeSetParams1D");
  EXPECT_EQ(result.route, Route::kReplayed);
  EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {values}));
  EXPECT_EQ(result.bytes_copied, copied + values.bytes());
}

class TwoDevicesTest : public TensorRtTest {
 protected:
  TwoDevicesTest() : TensorRtTest({.devices = 2}) {}
};

TEST_F(TwoDevicesTest, EachEngineRunsOnItsDeviceWhateverIsCurrent) {
  Plan plan = roomy_plan();
  plan.auxiliary_streams = 1;
  LoadOptions options;
  options.device = "cuda:1";
  const Tensor input = counted({2, 7});
  {
    const Engine first = load(plan);
    const Engine second = load(plan, options);
    EXPECT_EQ(second.device().index, 1);
    const auto cache = capturing_cache(4);
    for (const int current : {1, 0, 1}) {
      ASSERT_EQ(cudaSetDevice(current), cudaSuccess);
      for (const Engine* engine : {&first, &second}) {
        EXPECT_EQ(values_of(run(*engine, {input}, cache).outputs[0]), expected_sum(plan, {input}));
        EXPECT_EQ(values_of(run(*engine, {input}).outputs[0]), expected_sum(plan, {input}));
      }
      int now = -1;
      ASSERT_EQ(cudaGetDevice(&now), cudaSuccess);
      EXPECT_EQ(now, current);
    }
  }
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
}

TEST_F(TwoDevicesTest, StreamsForCallersAreOfTheirDevice) {
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  const Plan plan = roomy_plan();
  LoadOptions options;
  options.device = "cuda:1";
  const Engine engine = load(plan, options);
  const std::shared_ptr<void> stream = tensorrt::make_stream(engine.device());
  auto* native = static_cast<cudaStream_t>(stream.get());
  EXPECT_EQ(cuda_double::launch_kernel(native, {"", [] {}}), cudaErrorInvalidResourceHandle)
      << "another device is current";
  static_cast<void>(cudaGetLastError());
  const Tensor input = counted({2, 7});
  const InferResult result = run(engine, {input}, nullptr, {.stream = native});
  EXPECT_EQ(values_of(result.outputs[0]), expected_sum(plan, {input}));
}

}  // namespace
}  // namespace replayrt::tensorrt_test
