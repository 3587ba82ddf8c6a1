// Every call of CUDA and of TensorRT in the life of an engine (load, eager run, capture, replay,
// eviction, the end) fails once: each single failure ends in a right answer or an Error, nothing
// leaks, nothing is used after its end, and the next call works.

#include <optional>

#include "backends/tensorrt/support.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::tensorrt_test {
namespace {

class FaultInjectionTest : public TensorRtTest {
 protected:
  FaultInjectionTest() { set_log_sink({}, LogLevel::kOff); }

  /// Right, or an Error; in that case right when it is asked again.
  template <class Call>
  static auto tried_twice(Call call) {
    try {
      return call();
    } catch (const Error&) {
      return call();
    }
  }

  static void expect_right(const Plan& plan, const Engine& engine, std::int64_t rows,
                           const std::shared_ptr<GraphCache>& cache,
                           const RunContext& context = {}) {
    const Tensor input = counted({rows, 7}, static_cast<float>(rows));
    const InferResult result = tried_twice([&] {
      InferResult made = run(engine, {input}, cache, context);
      made.completion.wait();
      return made;
    });
    EXPECT_EQ(values_of(result.outputs[0]), expected_sum(plan, {input}));
  }

  /// A batch on the device that is padded and split; the joined result comes from there.
  static void expect_right_on_device(const Plan& plan, const Engine& engine,
                                     const std::shared_ptr<GraphCache>& cache,
                                     const DeviceTensor& input) {
    const TensorView view = input.view();
    InferOptions options{.graph_cache = cache};
    options.batch_limits = BatchLimits{2, 2};
    const InferResult result = tried_twice([&] { return infer(engine, {&view, 1}, options); });
    EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {counted({3, 7})}));
  }

  static void expect_right_in_place(const Plan& plan, const Engine& engine,
                                    const std::shared_ptr<GraphCache>& cache,
                                    const DeviceTensor& input) {
    const TensorView view = input.view();
    const InferOptions options{.graph_cache = cache, .input_binding = InputBinding::kInPlace};
    const InferResult result = tried_twice([&] { return infer(engine, {&view, 1}, options); });
    EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {counted({3, 7})}));
  }

  /// Two calls of one graph, the second before the first is complete.
  static void expect_right_in_order(const Plan& plan, const Engine& engine,
                                    const std::shared_ptr<GraphCache>& cache,
                                    const DeviceTensor& input) {
    const TensorView view = input.view();
    const InferOptions options{.graph_cache = cache, .context = {.synchronize = false}};
    const auto call = [&] {
      return tried_twice([&] { return infer(engine, {&view, 1}, options); });
    };
    const std::vector<InferResult> results = {call(), call()};
    for (const InferResult& result : results) {
      tried_twice([&] { return result.completion.wait(), 0; });
      EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {counted({3, 7})}));
    }
  }

  /// The life of an engine.
  static void live_once(const Plan& plan, const DeviceTensor& input) {
    const Engine engine = tried_twice([&] { return load(plan); });
    auto cache = capturing_cache(2);
    expect_right(plan, engine, 2, nullptr);
    expect_right(plan, engine, 1, cache);
    expect_right(plan, engine, 1, cache);
    expect_right(plan, engine, 2, cache, {.synchronize = false});
    expect_right(plan, engine, 2, cache, {.synchronize = false});
    expect_right_on_device(plan, engine, cache, input);
    expect_right_in_place(plan, engine, cache, input);
    expect_right_in_place(plan, engine, cache, input);
    expect_right_in_order(plan, engine, cache, input);
    expect_right(plan, engine, 3, cache);
    cache->wait_idle();
    cache->purge();
    expect_right(plan, engine, 3, cache);
  }

  template <class Arm, class Failed>
  static void fail_each(const Plan& plan, Arm arm, Failed failed) {
    for (std::int64_t n = 1;; ++n) {
      cuda_double::reset();
      trt_double::reset();
      std::string call;
      {
        const DeviceTensor input(counted({3, 7}));
        arm(n);
        live_once(plan, input);
        call = failed();
        arm(0);
      }
      if (call.empty()) {
        EXPECT_GT(n, 8) << "hardly anything was made to fail";
        return;
      }
      SCOPED_TRACE("call " + std::to_string(n) + ": " + call);
      expect_sound();
      expect_clean();
      if (HasFailure()) {
        return;
      }
    }
  }
};

Plan plan_with_everything() {
  Plan plan = sum_plan(equal_profiles(6));
  plan.auxiliary_streams = 1;
  return plan;
}

TEST_F(FaultInjectionTest, EveryCallOfCuda) {
  fail_each(
      plan_with_everything(), [](std::int64_t n) { cuda_double::fail_call(n); },
      [] { return cuda_double::failed_call(); });
}

TEST_F(FaultInjectionTest, EveryCallOfTensorRt) {
  fail_each(
      plan_with_everything(), [](std::int64_t n) { trt_double::fail_call(n); },
      [] { return trt_double::failed_call(); });
}

TEST_F(FaultInjectionTest, OutOfDeviceMemoryAnywhere) {
  const Plan plan = plan_with_everything();
  fail_each(
      plan,
      [](std::int64_t n) { cuda_double::fail_call("cudaMalloc", n, cudaErrorMemoryAllocation); },
      [] { return cuda_double::failed_call(); });
}

TEST_F(FaultInjectionTest, OutputsThatAskForMemory) {
  Plan plan = sum_plan();
  plan.function = Function::kNonZero;
  plan.inputs[0].profiles = {{{1, 8, 64}}};
  plan.outputs = {{"places", DType::kI32}};
  for (std::int64_t n = 1;; ++n) {
    cuda_double::reset();
    trt_double::reset();
    std::string call;
    {
      const Engine engine = load(plan);
      const Tensor input = counted({9});
      cuda_double::fail_call(n);
      const InferResult result = tried_twice([&] { return run(engine, {input}); });
      EXPECT_EQ(result.outputs[0].shape(), (Shape{9}));
      call = cuda_double::failed_call();
      cuda_double::fail_call(0);
    }
    if (call.empty()) {
      EXPECT_GT(n, 8);
      break;
    }
    SCOPED_TRACE("call " + std::to_string(n) + ": " + call);
    expect_sound();
    expect_clean();
  }
}

}  // namespace
}  // namespace replayrt::tensorrt_test
