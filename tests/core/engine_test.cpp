#include "replayrt/core/engine.hpp"

#include <array>
#include <barrier>
#include <latch>
#include <thread>

#include "core/engine_state.hpp"
#include "core/expect_error.hpp"
#include "core/fake_calls.hpp"

namespace replayrt {
namespace {

TEST(EngineTest, IdsAreNeverReused) {
  const EngineId first = fakes::make_fake_engine().id();
  const EngineId second = fakes::make_fake_engine().id();
  EXPECT_LT(first, second);
}

TEST(EngineTest, NeedsABackend) {
  expect_error(ErrorCode::kInvalidParameter, {"null"}, [] { Engine(nullptr); });
}

TEST(EngineTest, UnknownNamesListTheKnownOnes) {
  const Engine engine = fakes::make_fake_engine();
  EXPECT_EQ(engine.input_index("x"), 0U);
  EXPECT_EQ(engine.output_index("rows"), 1U);
  expect_error(ErrorCode::kInvalidParameter, {"input 'y'", "x"},
               [&] { static_cast<void>(engine.input_index("y")); });
  expect_error(ErrorCode::kInvalidParameter, {"output 'x'", "sum, rows"},
               [&] { static_cast<void>(engine.output_index("x")); });
}

TEST(EngineTest, ShapesInWords) {
  using Dims = std::vector<DimensionRange>;
  EXPECT_EQ((TensorSpec{"t", DType::kF32, Dims{}}.shape_text()), "scalar");
  EXPECT_EQ((TensorSpec{"t", DType::kF32, std::nullopt}.shape_text()), "any rank");
  const TensorSpec mixed{"t", DType::kF32, Dims{DimensionRange::fixed(1), {1, 8}, {}, {4}}};
  EXPECT_EQ(mixed.shape_text(), "1x1..8x?x4..");
  EXPECT_TRUE(mixed.is_dynamic());
  EXPECT_FALSE((TensorSpec{"t", DType::kF32, Dims{DimensionRange::fixed(1)}}.is_dynamic()));
}

TEST(EngineTest, ValidationNamesTensorAndExpectation) {
  fakes::FakeOptions options;
  options.inputs = {
      {"img", DType::kF32, std::vector<DimensionRange>{{1, 8}, DimensionRange::fixed(3)}},
      {"any", DType::kF32, std::nullopt}};
  const Engine engine = fakes::make_fake_engine(options);
  const Tensor image = counted(2);
  const auto refuse = [&](const TensorView& view, std::initializer_list<std::string> parts) {
    expect_error(ErrorCode::kModelInput, parts, [&] {
      engine.validate(std::array{view, image.view()});
    });
  };
  EXPECT_NO_THROW(engine.validate(std::array{image.view(), counted(7, 5).view()}));
  refuse(counted(9).view(), {"'img'", "9x3", "1..8x3"});
  refuse(counted(2, 4).view(), {"'img'", "2x4", "1..8x3"});
  TensorView bad = image.view();
  bad.dtype = DType::kF16;
  refuse(bad, {"'img'", "f16", "f32"});
  bad = image.view();
  bad.shape = Shape{2, 3, 1};
  refuse(bad, {"'img'", "2x3x1"});
  bad = image.view();
  bad.shape = Shape{0, 3};
  refuse(bad, {"'img'", "0x3"});
  bad = image.view();
  bad.data = nullptr;
  refuse(bad, {"'img'", "no data", "24 bytes"});
  bad = image.view();
  bad.device = {DeviceType::kCuda, 0};
  refuse(bad, {"'img'", "cuda:0", "host"});
  expect_error(ErrorCode::kModelInput, {"1 inputs", "has 2", "img, any"},
               [&] { engine.validate(std::array{image.view()}); });
}

TEST(EngineTest, ExtraExecutorsBelongToTheCaller) {
  fakes::FakeOptions options;
  std::optional<Engine> engine = fakes::make_fake_engine(options);
  auto eager = engine->make_eager();
  auto graph = engine->capture({{DType::kF32, {1, 3}}});
  EXPECT_EQ(graph->bytes(), 1000U);
  engine.reset();
  const Tensor input = counted(1);
  const TensorView view = input.view();
  TensorList outputs;
  graph->run({&view, 1}, {}, outputs);
  EXPECT_EQ(outputs[0].as<float>()[2], 3);
}

TEST(EngineTest, EagerExecutorsAreSharedUpToTheBound) {
  constexpr int kThreads = 5;
  fakes::FakeOptions options;
  options.max_eager = 2;
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  options.on_run = [&](bool) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    for (int i = 0; i < 20; ++i) {
      std::this_thread::yield();
    }
    --running;
  };
  const Engine engine = fakes::make_fake_engine(options);
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int call_number = 0; call_number < 50; ++call_number) {
        EXPECT_EQ(call(engine, counted(1)).outputs[0].as<float>()[2], 3);
      }
    });
  }
  threads.clear();
  EXPECT_LE(most, 2);
  EXPECT_LE(options.counters->eager_made, 2);
  EXPECT_EQ(options.counters->violations, 0);
}

TEST(EngineTest, CallersWaitInTheOrderInWhichTheyCame) {
  fakes::FakeOptions options;
  options.max_eager = 1;
  std::latch first_runs(1);
  std::latch let_go(1);
  std::atomic<int> runs{0};
  options.on_run = [&](bool) {
    if (runs++ == 0) {
      first_runs.count_down();
      let_go.wait();
    }
  };
  const Engine engine = fakes::make_fake_engine(options);
  std::vector<int> order;
  std::vector<std::jthread> threads;
  threads.emplace_back([&] { call(engine, counted(1)); });
  first_runs.wait();
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      GraphCache off(0);
      const Lease lease = off.acquire(engine, key_of(engine, 1));
      order.push_back(i);  // Guarded by the one executor there is.
    });
    while (engine.state()->waiting() != static_cast<std::size_t>(i) + 1) {
      std::this_thread::yield();
    }
  }
  let_go.count_down();
  threads.clear();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(EngineTest, AFailedExecutorIsReplacedForTheNextInLine) {
  fakes::FakeOptions options;
  options.max_eager = 1;
  std::latch first_runs(1);
  std::latch let_go(1);
  std::atomic<int> runs{0};
  options.on_run = [&](bool) {
    if (runs++ == 0) {
      first_runs.count_down();
      let_go.wait();
      throw Error(ErrorCode::kModelRuntime, "broke");
    }
  };
  const Engine engine = fakes::make_fake_engine(options);
  std::jthread failing([&] { EXPECT_THROW(call(engine, counted(1)), Error); });
  first_runs.wait();
  std::jthread next([&] { EXPECT_EQ(call(engine, counted(1)).outputs[0].as<float>()[2], 3); });
  while (engine.state()->waiting() != 1) {
    std::this_thread::yield();
  }
  let_go.count_down();
  failing.join();
  next.join();
  EXPECT_EQ(options.counters->eager_made, 2);
}

TEST(EngineTest, ACallUnderWayOutlivesTheHandle) {
  fakes::FakeOptions options;
  std::latch runs(1);
  std::latch let_go(1);
  options.on_run = [&](bool) {
    runs.count_down();
    let_go.wait();
  };
  std::optional<Engine> engine = fakes::make_fake_engine(options);
  InferResult result;
  std::jthread caller([&] { result = call(*engine, counted(1)); });
  runs.wait();
  engine.reset();
  EXPECT_EQ(options.counters->live_engines, 1);
  let_go.count_down();
  caller.join();
  EXPECT_EQ(result.outputs[0].as<float>()[2], 3);
  EXPECT_EQ(options.counters->live_engines, 0);
}

}  // namespace
}  // namespace replayrt
