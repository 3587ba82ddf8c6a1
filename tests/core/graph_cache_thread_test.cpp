// Interleavings of threads: single flight, busy graphs, eviction and death while leased or in
// capture.

#include <barrier>
#include <latch>
#include <thread>

#include "core/fake_calls.hpp"
#include "core/graph_cache_state.hpp"

namespace replayrt {
namespace {

TEST(GraphCacheThreadTest, OneThreadCapturesForAll) {
  constexpr int kThreads = 6;
  fakes::FakeOptions options;
  options.max_eager = kThreads;
  std::latch captured(1);
  options.on_capture = [&](const InputSignature&) { captured.wait(); };
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(4);
  std::vector<std::jthread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const InferResult result = call(engine, counted(2), cache);
      right += result.outputs[0].as<float>()[3] == 4 ? 1 : 0;
    });
  }
  // The others wait inside the cache, or have not asked yet: either way no second capture may
  // begin.
  while (options.counters->capturing == 0) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(cache->contains(key_of(engine, 2)));
  captured.count_down();
  threads.clear();
  EXPECT_EQ(right, kThreads);
  EXPECT_EQ(options.counters->captures, 1);
  const GraphCacheStats stats = cache->stats();
  EXPECT_EQ(stats.calls, static_cast<std::uint64_t>(kThreads));
  EXPECT_EQ(stats.captured, 1U);
  EXPECT_EQ(stats.calls, stats.eager + stats.captured + stats.replayed);
  EXPECT_EQ(options.counters->violations, 0);
}

TEST(GraphCacheThreadTest, OtherKeysGoOnDuringACapture) {
  fakes::FakeOptions options;
  std::latch go_on(1);
  options.on_capture = [&](const InputSignature& signature) {
    if (signature[0].shape[0] == 7) {
      go_on.wait();
    }
  };
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(4);
  call(engine, counted(1), cache);
  std::jthread slow([&] { call(engine, counted(7), cache); });
  while (options.counters->capturing == 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(call(engine, counted(1), cache).route, Route::kReplayed);
  EXPECT_EQ(call(engine, counted(2), cache).route, Route::kCaptured);
  EXPECT_EQ(cache->get_current_size(), 2);
  cache->purge();
  go_on.count_down();
  slow.join();
  EXPECT_TRUE(cache->contains(key_of(engine, 7)));
}

TEST(GraphCacheThreadTest, ABusyGraphIsServedEagerly) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(4);
  call(engine, counted(1), cache);
  const Lease lease = cache->acquire(engine, key_of(engine, 1));
  ASSERT_EQ(lease.route(), Route::kReplayed);
  const InferResult result =
      call(engine, counted(1), cache);  // On the thread that holds the lease.
  EXPECT_EQ(result.route, Route::kEager);
  EXPECT_EQ(result.reason, Reason::kBusy);
  EXPECT_EQ(result.outputs[0].as<float>()[2], 3);
  EXPECT_EQ(options.counters->violations, 0);
}

TEST(GraphCacheThreadTest, AnEagerLeaseOfTheOwnThreadIsNotWaitedFor) {
  fakes::FakeOptions options;
  options.max_eager = 1;
  const Engine engine = fakes::make_fake_engine(options);
  GraphCache off(0);
  {
    const Lease first = off.acquire(engine, key_of(engine, 1));
    const Lease second = off.acquire(engine, key_of(engine, 1));
    EXPECT_NE(&first.executor(), &second.executor());
    EXPECT_EQ(options.counters->live_eager, 2);
  }
  EXPECT_EQ(options.counters->live_eager, 1) << "what is beyond the bound does not stay";
}

TEST(GraphCacheThreadTest, EvictedWhileLeasedLivesUntilTheLeaseEnds) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(1);
  {
    Lease lease = cache->acquire(engine, key_of(engine, 1));
    call(engine, counted(2), cache);
    EXPECT_EQ(rows_in(*cache), std::vector<std::int64_t>{2});
    EXPECT_EQ(options.counters->live_graphs, 2);
    Lease moved = std::move(lease);
    EXPECT_EQ(options.counters->live_graphs, 2);
  }
  EXPECT_EQ(options.counters->live_graphs, 1);
  {
    const Lease lease = cache->acquire(engine, key_of(engine, 2));
    cache->safe_remove(key_of(engine, 2));
    EXPECT_EQ(cache->get_current_size(), 0);
    EXPECT_EQ(options.counters->live_graphs, 1);
  }
  EXPECT_EQ(options.counters->live_graphs, 0);
}

TEST(GraphCacheThreadTest, AnUnpinnedGraphIsEvictedBeforeALeasedOlderOne) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(2);
  const Lease oldest = cache->acquire(engine, key_of(engine, 1));
  call(engine, counted(2), cache);
  call(engine, counted(3), cache);
  EXPECT_EQ(rows_in(*cache), (std::vector<std::int64_t>{1, 3}));
}

TEST(GraphCacheThreadTest, EngineThatEndsDuringItsCaptureLeavesNoGraph) {
  fakes::FakeOptions options;
  std::latch go_on(1);
  options.on_capture = [&](const InputSignature&) { go_on.wait(); };
  std::optional<Engine> engine = fakes::make_fake_engine(options);
  const GraphKey key = key_of(*engine, 1);
  const auto cache = std::make_shared<GraphCache>(4);
  InferResult result;
  std::jthread caller([&] { result = call(*engine, counted(1), cache); });
  while (options.counters->capturing == 0) {
    std::this_thread::yield();
  }
  engine.reset();
  go_on.count_down();
  caller.join();
  EXPECT_EQ(result.route, Route::kEager);
  EXPECT_EQ(result.reason, Reason::kEngineRetired);
  EXPECT_EQ(result.outputs[0].as<float>()[2], 3);
  EXPECT_FALSE(cache->contains(key));
  EXPECT_EQ(options.counters->live_graphs, 0);
  EXPECT_EQ(options.counters->live_engines, 0);
}

TEST(GraphCacheThreadTest, CacheThatEndsDuringACaptureLeavesNoGraph) {
  fakes::FakeOptions options;
  std::latch go_on(1);
  options.on_capture = [&](const InputSignature&) { go_on.wait(); };
  const Engine engine = fakes::make_fake_engine(options);
  auto cache = std::make_unique<GraphCache>(4);
  std::jthread caller([&, state = cache->state()] {
    // As `infer` does it: the state outlives the handle.
    std::optional<detail::Answer> answer;
    const Lease lease = state->acquire(engine.state(), key_of(engine, 1), {{}, {}}, answer);
    EXPECT_EQ(lease.route(), Route::kEager);
  });
  while (options.counters->capturing == 0) {
    std::this_thread::yield();
  }
  cache.reset();
  go_on.count_down();
  caller.join();
  EXPECT_EQ(options.counters->live_graphs, 0);
}

TEST(GraphCacheThreadTest, EnginesMayEndBeforeOrAfterTheCache) {
  fakes::FakeOptions options;
  {
    std::optional<Engine> engine = fakes::make_fake_engine(options);
    const auto cache = std::make_shared<GraphCache>(4);
    call(*engine, counted(1), cache);
    engine.reset();
    EXPECT_EQ(cache->get_current_size(), 0);
    EXPECT_EQ(options.counters->live_engines, 0);
  }
  {
    const Engine engine = fakes::make_fake_engine(options);
    auto cache = std::make_shared<GraphCache>(4);
    call(engine, counted(1), cache);
    cache.reset();
    EXPECT_EQ(options.counters->live_graphs, 0);
    auto another = std::make_shared<GraphCache>(4);
    EXPECT_EQ(call(engine, counted(1), another).route, Route::kCaptured);
  }
  EXPECT_EQ(options.counters->live_engines, 0);
}

TEST(GraphCacheThreadTest, AnEngineLeavesEveryCacheItWasIn) {
  fakes::FakeOptions options;
  std::optional<Engine> engine = fakes::make_fake_engine(options);
  const auto first = std::make_shared<GraphCache>(4);
  const auto second = std::make_shared<GraphCache>(4);
  call(*engine, counted(1), first);
  call(*engine, counted(1), second);
  Engine moved = std::move(*engine);
  EXPECT_EQ(first->get_current_size(), 1) << "moving the handle is not ending it";
  moved = fakes::make_fake_engine();
  EXPECT_EQ(first->get_current_size() + second->get_current_size(), 0);
  EXPECT_EQ(options.counters->live_graphs, 0);
}

}  // namespace
}  // namespace replayrt
