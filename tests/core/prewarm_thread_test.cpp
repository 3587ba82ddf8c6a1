// Prewarming beside calls, the cache's thread, and the end of engine and cache.

#include <atomic>
#include <latch>
#include <optional>
#include <thread>

#include "core/graph_cache_state.hpp"
#include "core/prewarm_fixture.hpp"

namespace replayrt {
namespace {

class PrewarmThreadTest : public PrewarmTest {};

TEST_F(PrewarmThreadTest, WhatWaitsIsNotForgottenForOtherKeys) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.admission = Admission::sightings(1'000'000)});
  cache->prewarm(engine, signatures({kBlocked, 1}), PrewarmMode::kBackground);
  wait_until_capturing();
  constexpr std::int64_t kMoreThanAreRemembered = 4200;
  for (std::int64_t i = 0; i < kMoreThanAreRemembered; ++i) {
    call(engine, counted(3 + i / 100, 4 + i % 100), cache);
  }
  EXPECT_EQ(cache->prewarm(engine, signatures({1}), PrewarmMode::kBackground),
            (PrewarmReport{.held = 1}));
  EXPECT_EQ(call(engine, counted(1), cache).reason, Reason::kCapturePending);
  open();
  cache->wait_idle();
  EXPECT_EQ(order(), (Rows{kBlocked, 1})) << "each once";
}

TEST_F(PrewarmThreadTest, WhatIsBeingCapturedOrQueuedIsHeld) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capture = CaptureMode::kBackground});
  EXPECT_EQ(cache->prewarm(engine, signatures({kBlocked, 1}), PrewarmMode::kBackground).accepted,
            2U);
  wait_until_capturing();
  call(engine, counted(2), cache);
  for (const PrewarmMode mode : {PrewarmMode::kInline, PrewarmMode::kBackground}) {
    EXPECT_EQ(cache->prewarm(engine, signatures({kBlocked, 1, 2}), mode),
              (PrewarmReport{.held = 3}));
  }
  open();
  cache->wait_idle();
  EXPECT_EQ(options_.counters->captures, 3);
}

TEST_F(PrewarmThreadTest, TheQueueOfCallsGoesFirstAndItsBoundDropsNothingOfOurs) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache =
      make_cache({.capacity = 9, .capture = CaptureMode::kBackground, .max_queued_captures = 1});
  cache->prewarm(engine, signatures({kBlocked, 1, 2, 3, 4}), PrewarmMode::kBackground);
  wait_until_capturing();
  EXPECT_EQ(call(engine, counted(6), cache).reason, Reason::kCapturePending);
  EXPECT_EQ(cache->stats().queued_captures, 5);
  open();
  cache->wait_idle();
  EXPECT_EQ(order(), (Rows{kBlocked, 6, 1, 2, 3, 4}));
}

TEST_F(PrewarmThreadTest, ACallForAQueuedKeyIsEagerAndMovesItAhead) {
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache();
  cache->prewarm(engine, signatures({kBlocked, 1, 2}), PrewarmMode::kBackground);
  wait_until_capturing();
  {
    Lease lease = cache->acquire(engine, key_of(engine, 2));
    EXPECT_EQ(lease.reason(), Reason::kCapturePending);
    lease.finish({}, std::chrono::seconds(1));
  }
  const InferResult result = call(engine, counted(kBlocked), cache);
  EXPECT_EQ(result.reason, Reason::kCapturePending) << "nor does it wait for the thread's capture";
  open();
  cache->wait_idle();
  EXPECT_EQ(order(), (Rows{kBlocked, 2, 1}));
  EXPECT_EQ(cache->stats().prewarmed, 3U);
  expect_consistent(cache->stats());
}

TEST_F(PrewarmThreadTest, ACallWaitsForAnInlinePrewarmingAsForAnotherCall) {
  const Engine engine = fakes::make_fake_engine(options_);
  std::atomic<int> asked{0};  // A call asks for the time just before it waits.
  GraphCacheOptions options;
  options.clock = [&asked, clock = clock_.clock()] {
    ++asked;
    return clock();
  };
  const auto cache = std::make_shared<GraphCache>(options);
  std::jthread prewarming([&] { cache->prewarm(engine, signatures({kBlocked})); });
  wait_until_capturing();
  const int before = asked;
  std::jthread calling(
      [&] { EXPECT_EQ(call(engine, counted(kBlocked), cache).route, Route::kReplayed); });
  while (asked == before) {
    std::this_thread::yield();
  }
  open();
  calling.join();
  EXPECT_EQ(options_.counters->captures, 1);
}

TEST_F(PrewarmThreadTest, AnEngineThatEndsTakesItsPrewarmingAlong) {
  const auto cache = make_cache();
  std::optional<Engine> engine = fakes::make_fake_engine(options_);
  cache->prewarm(*engine, signatures({kBlocked, 1, 2}), PrewarmMode::kBackground);
  wait_until_capturing();
  engine.reset();
  EXPECT_EQ(cache->stats().queued_captures, 0);
  open();
  cache->wait_idle();
  EXPECT_EQ(order(), Rows{kBlocked});
  EXPECT_EQ(cache->get_current_size(), 0);
  EXPECT_EQ(options_.counters->live_graphs, 0);
  EXPECT_EQ(options_.counters->live_engines, 0);
}

TEST_F(PrewarmThreadTest, TheCacheMayEndDuringIt) {
  const Engine engine = fakes::make_fake_engine(options_);
  auto cache = make_cache();
  const auto state = cache->state();
  cache->prewarm(engine, signatures({kBlocked, 1, 2}), PrewarmMode::kBackground);
  wait_until_capturing();
  std::jthread end([&] { cache.reset(); });
  while (state->report().totals.queued_captures > 0) {
    std::this_thread::yield();
  }
  open();
  end.join();
  EXPECT_EQ(order(), Rows{kBlocked});
  EXPECT_EQ(options_.counters->live_graphs, 0);
}

TEST_F(PrewarmThreadTest, CallsOfManyThreadsAndPrewarmingGetAlong) {
  constexpr int kThreads = 4;
  options_.on_capture = {};
  options_.max_eager = kThreads;
  const auto cache = make_cache({.capacity = 6});
  const Engine engine = fakes::make_fake_engine(options_);
  std::latch begin(kThreads + 2);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      begin.arrive_and_wait();
      for (int i = 0; i < 500; ++i) {
        const std::int64_t rows = (i * 7 + thread) % 12 + 1;
        EXPECT_EQ(call(engine, counted(rows), cache).outputs[0].as<float>()[0], 1);
      }
    });
  }
  for (const PrewarmMode mode : {PrewarmMode::kInline, PrewarmMode::kBackground}) {
    threads.emplace_back([&, mode] {
      begin.arrive_and_wait();
      for (int i = 0; i < 100; ++i) {
        const Engine passing = fakes::make_fake_engine(options_);
        cache->prewarm(i % 3 == 0 ? passing : engine, signatures({1, 2, 3, 4, 5, 6, 8}), mode);
        cache->purge(2);
      }
    });
  }
  threads.clear();
  cache->wait_idle();
  const GraphCacheStats stats = cache->stats();
  expect_consistent(stats);
  EXPECT_EQ(stats.calls, kThreads * 500U);
  EXPECT_LE(stats.size, 6);
  EXPECT_GE(stats.captures, stats.prewarmed);
  EXPECT_EQ(options_.counters->live_graphs, stats.size);
  EXPECT_EQ(options_.counters->violations, 0);
}

}  // namespace
}  // namespace replayrt
