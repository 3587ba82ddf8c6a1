// One run at a time on a slot of the activation arena, from its first to its last call: whoever
// comes meanwhile waits, whatever the two are.

#include <atomic>
#include <thread>

#include "backends/tensorrt/support.hpp"

namespace replayrt::tensorrt_test {
namespace {

Engine load_with_arena(const Plan& plan, const LoadOptions& options,
                       const cuda::ActivationArena*& arena) {
  auto backend =
      std::make_unique<tensorrt::TensorRtEngine>(trt_double::serialize(plan), "test.plan", options);
  arena = &backend->arena();
  return Engine(std::move(backend));
}

/// Lets `call` run on a thread of its own until it is done or waits for a slot; whether it is done.
class Meanwhile {
 public:
  template <class Call>
  bool run(const cuda::ActivationArena& arena, Call call) {
    thread_ = std::thread([this, call] {
      call();
      is_done_ = true;
    });
    while (arena.waiting() == 0 && !is_done_) {
      std::this_thread::yield();
    }
    return is_done_;
  }
  [[nodiscard]] bool has_begun() const { return thread_.joinable(); }
  void join() { thread_.join(); }

 private:
  std::thread thread_;
  std::atomic<bool> is_done_{false};
};

/// Calls `then` once, when this thread makes a call of CUDA named `call`.
void at_call(const char* call, std::function<void()> then) {
  cuda_double::set_call_hook([call = std::string_view(call), then = std::move(then),
                              thread = std::this_thread::get_id(),
                              called = std::make_shared<bool>()](std::string_view function) {
    if (function == call && std::this_thread::get_id() == thread && !std::exchange(*called, true)) {
      then();
    }
  });
}

/// Runs on one slot, of 1, 2 and 3 rows: so each has shapes, and graphs, of its own.
class SlotTest : public TensorRtTest {
 protected:
  SlotTest() {
    LoadOptions options;
    options.tensorrt.activation_slots = 1;
    engine_.emplace(load_with_arena(plan_, options, arena_));
    run_eagerly();
    graph_ = capture(2);
    replay();
  }
  ~SlotTest() override {
    graph_.reset();
    engine_.reset();
  }

  [[nodiscard]] std::unique_ptr<Executor> capture(std::int64_t rows) const {
    return engine_->capture({{DType::kF32, {rows, 7}}});
  }
  void run_eagerly() const {
    const Tensor input = counted({1, 7});
    EXPECT_EQ(values_of(run(*engine_, {input}).outputs[0]), expected_sum(plan_, {input}));
  }
  void replay() const {
    const Tensor input = counted({2, 7});
    const TensorView view = input.view();
    TensorList outputs;
    graph_->run({&view, 1}, {}, outputs);
    EXPECT_EQ(values_of(outputs[0]), expected_sum(plan_, {input}));
  }

  /// Lets `second` begin, on another thread, when `first` makes a call of CUDA named `call`, and
  /// expects it to wait.
  template <class First, class Second>
  void expect_to_wait(const char* call, First first, Second second) const {
    Meanwhile other;
    at_call(call, [&] {
      EXPECT_FALSE(other.run(*arena_, second)) << "both were on the slot during " << call;
    });
    first();
    ASSERT_TRUE(other.has_begun()) << "there was no " << call;
    other.join();
  }

  const Plan plan_ = sum_plan();
  const cuda::ActivationArena* arena_ = nullptr;
  std::optional<Engine> engine_;
  std::unique_ptr<Executor> graph_;
};

TEST_F(SlotTest, AReplayWaitsForAnEagerRun) {
  expect_to_wait(
      "cudaLaunchKernel", [&] { run_eagerly(); }, [&] { replay(); });
}

TEST_F(SlotTest, AnEagerRunWaitsForAReplay) {
  expect_to_wait(
      "cudaGraphLaunch", [&] { replay(); }, [&] { run_eagerly(); });
}

TEST_F(SlotTest, AnEagerRunWaitsForTheWarmUpOfAGraph) {
  std::unique_ptr<Executor> made;
  expect_to_wait(
      "cudaMemsetAsync", [&] { made = capture(3); }, [&] { run_eagerly(); });
}

TEST_F(SlotTest, AReplayWaitsForTheWarmUpOfAGraph) {
  std::unique_ptr<Executor> made;
  expect_to_wait(
      "cudaMemsetAsync", [&] { made = capture(3); }, [&] { replay(); });
}

/// What a cache does with a graph during a replay, after the host has written its inputs and before
/// it is launched.
class LeasedGraphTest : public TensorRtTest {
 protected:
  LeasedGraphTest() { replay(1); }

  InferResult replay(float first) const {
    const Tensor input = counted({2, 7}, first);
    InferResult result = run(engine_, {input}, cache_);
    EXPECT_EQ(values_of(result.outputs[0]), expected_sum(plan_, {input}));
    return result;
  }

  const Plan plan_ = sum_plan();
  const cuda::ActivationArena* arena_ = nullptr;
  const Engine engine_ = load_with_arena(plan_, {}, arena_);
  const std::shared_ptr<GraphCache> cache_ = capturing_cache(1);
};

TEST_F(LeasedGraphTest, IsNotLentToAnotherCall) {
  Meanwhile other;
  std::optional<InferResult> result;
  at_call("cudaGraphLaunch", [&] { other.run(*arena_, [&] { result = replay(500); }); });
  EXPECT_EQ(replay(7).route, Route::kReplayed);
  other.join();
  EXPECT_EQ(result->route, Route::kEager);
  EXPECT_EQ(result->reason, Reason::kBusy);
}

TEST_F(LeasedGraphTest, LivesOnThoughItIsEvicted) {
  const int contexts = trt_double::live().contexts;
  at_call("cudaGraphLaunch", [&] {
    cache_->purge();
    EXPECT_EQ(cache_->get_current_size(), 0);
    EXPECT_EQ(trt_double::live().contexts, contexts);
  });
  EXPECT_EQ(replay(7).route, Route::kReplayed);
  EXPECT_EQ(trt_double::live().contexts, contexts - 1) << "the lease was the last to hold it";
  EXPECT_EQ(replay(8).route, Route::kCaptured);
}

}  // namespace
}  // namespace replayrt::tensorrt_test
