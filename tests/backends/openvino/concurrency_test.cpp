// Many callers, engines and graphs share the process's cores.

#include <atomic>
#include <barrier>
#include <chrono>
#include <thread>

#include "backends/openvino/core_gate.hpp"
#include "backends/openvino/support.hpp"
#include "core/engine_state.hpp"
#include "support/capturing_cache.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;
using Clock = std::chrono::steady_clock;

struct Work {
  const Engine* engine;
  Tensor input;
};

// Calls per second when each of `callers` threads goes round its share of `work`, through `cache`
// if given.
double calls_per_second(const std::vector<Work>& work, std::size_t callers,
                        const std::shared_ptr<GraphCache>& cache, std::chrono::milliseconds time) {
  for (const Work& item : work) {
    run(*item.engine, {item.input}, cache);
  }
  std::atomic<int> calls{0};
  std::barrier start(static_cast<std::ptrdiff_t>(callers));
  const auto begin = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t caller = 0; caller < callers; ++caller) {
      threads.emplace_back([&, caller] {
        start.arrive_and_wait();
        const auto end = Clock::now() + time;
        for (std::size_t i = caller; Clock::now() < end; i = (i + callers) % work.size()) {
          run(*work[i].engine, {work[i].input}, cache);
          ++calls;
        }
      });
    }
  }
  return calls / std::chrono::duration<double>(Clock::now() - begin).count();
}

TEST(OpenVinoConcurrency, ManyCallersEnginesAndGraphsDoNotOversubscribeTheCores) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Engine rec_ir = load_engine(model_path("ppocrv6_rec.xml"));
  const Engine one_thread = load_engine(model_path("ppocrv6_rec.onnx"), {.inference_threads = 1});
  std::vector<Work> work;
  for (unsigned i = 0; i < 9; ++i) {
    const Engine* engine = i % 3 == 0 ? &rec : i % 3 == 1 ? &rec_ir : &one_thread;
    work.push_back({engine, random_tensor(Shape{1, 3, 48, 96 + 32 * (i / 3)}, i)});
  }
  const auto cache = capturing_cache(16);
  using namespace std::chrono_literals;
  double best = 0;
  // The best of some rounds: other programs come and go.
  for (int round = 0; round < 4 && best < 0.95; ++round) {
    const double one_caller = calls_per_second(work, 1, cache, 1000ms);
    const double nine_callers = calls_per_second(work, 9, cache, 1000ms);
    best = std::max(best, nine_callers / one_caller);
  }
  RecordProperty("throughput_ratio", std::to_string(best));
  std::printf("nine callers / one caller: %.2f\n", best);
  EXPECT_LE(openvino::process_core_gate().peak(), openvino::process_cores());
  EXPECT_GT(best, 0.8);
}

// How much more two spinning threads get done than one: 2 on an idle machine, less on a busy one.
double parallelism_to_be_had(std::chrono::milliseconds time) {
  const auto rounds_of = [&](int count) {
    std::atomic<std::int64_t> rounds{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&] {
        std::int64_t mine = 0;
        for (const auto end = Clock::now() + time; Clock::now() < end;) {
          ++mine;
        }
        rounds += mine;
      });
    }
    threads.clear();
    return static_cast<double>(rounds);
  };
  const double one = rounds_of(1);
  return rounds_of(2) / one;
}

TEST(OpenVinoConcurrency, TwoCallersWithOneThreadEachRunInParallel) {
  if (openvino::process_cores() < 2) {
    GTEST_SKIP() << "needs two cores";
  }
  const Engine engine = load_engine(model_path("ppocrv6_rec.onnx"), {.inference_threads = 1});
  EXPECT_EQ(engine.state()->backend().max_eager_executors(), openvino::process_cores());
  const std::vector<Work> work(2, {&engine, random_tensor(Shape{1, 3, 48, 96}, 1)});
  using namespace std::chrono_literals;
  double best = 0;
  double speedup = 0;
  double possible = 0;
  // The best of some rounds: other programs come and go.
  for (int round = 0; round < 6 && best < 0.9; ++round) {
    possible = parallelism_to_be_had(200ms);
    const double one = calls_per_second(work, 1, nullptr, 500ms);
    speedup = calls_per_second(work, 2, nullptr, 500ms) / one;
    best = std::max(best, speedup / possible);
  }
  RecordProperty("speedup", std::to_string(speedup));
  std::printf("two callers / one caller: %.2f, of %.2f possible\n", speedup, possible);
  EXPECT_GE(best, 0.75);
}

}  // namespace
}  // namespace replayrt
