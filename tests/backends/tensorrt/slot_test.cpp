// One run at a time on a slot of the activation arena, from its first to its last call: whoever
// comes meanwhile waits, whatever the two are.

#include <atomic>
#include <thread>

#include "backends/tensorrt/support.hpp"

namespace replayrt::tensorrt_test {
namespace {

/// Runs on one slot, of 1, 2 and 3 rows: so each has shapes, and graphs, of its own.
class SlotTest : public TensorRtTest {
 protected:
  SlotTest() {
    LoadOptions options;
    options.tensorrt.activation_slots = 1;
    auto backend = std::make_unique<tensorrt::TensorRtEngine>(trt_double::serialize(plan_),
                                                              "test.plan", options);
    arena_ = &backend->arena();
    engine_.emplace(std::move(backend));
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
    const std::thread::id of_first = std::this_thread::get_id();
    std::thread other;
    std::atomic<bool> second_is_done{false};
    cuda_double::set_call_hook([&](std::string_view function) {
      if (function != call || std::this_thread::get_id() != of_first || other.joinable()) {
        return;
      }
      other = std::thread([&] {
        second();
        second_is_done = true;
      });
      while (arena_->waiting() == 0 && !second_is_done) {
        std::this_thread::yield();
      }
      EXPECT_FALSE(second_is_done) << "both were on the slot during " << call;
    });
    first();
    ASSERT_TRUE(other.joinable()) << "there was no " << call;
    other.join();
    cuda_double::set_call_hook(nullptr);
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

}  // namespace
}  // namespace replayrt::tensorrt_test
