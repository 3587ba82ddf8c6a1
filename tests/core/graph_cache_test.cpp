#include "replayrt/core/graph_cache.hpp"

#include <algorithm>

#include "core/expect_error.hpp"
#include "core/fake_calls.hpp"

namespace replayrt {
namespace {

using Rows = std::vector<std::int64_t>;

// The sequences of the reference's own CUDA-graph tests (spec, section 5).

TEST(GraphCacheSeedTest, SizeGrowsOnlyOnNewShapes) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<TRTCudaGraphCache>(16);
  std::int64_t largest = 0;
  for (const std::int64_t rows : Rows{1, 2, 1, 4, 2, 1, 4, 3, 3}) {
    const bool seen = cache->contains(key_of(engine, rows));
    const InferResult eager = call(engine, counted(rows));
    const InferResult result = call(engine, counted(rows), cache);
    EXPECT_EQ(result.route, seen ? Route::kReplayed : Route::kCaptured);
    largest += seen ? 0 : 1;
    EXPECT_EQ(cache->get_current_size(), largest);
    EXPECT_TRUE(std::ranges::equal(result.outputs[0].as<float>(), eager.outputs[0].as<float>()));
  }
  EXPECT_EQ(rows_in(*cache), (Rows{2, 1, 4, 3}));
}

TEST(GraphCacheSeedTest, CapacityThreeEvictsTheOldest) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<TRTCudaGraphCache>(3);
  for (const std::int64_t rows : Rows{1, 2, 3}) {
    call(engine, counted(rows), cache);
  }
  call(engine, counted(4), cache);
  EXPECT_EQ(rows_in(*cache), (Rows{2, 3, 4}));
  call(engine, counted(2), cache);
  EXPECT_EQ(rows_in(*cache), (Rows{3, 4, 2}));
  call(engine, counted(5), cache);
  EXPECT_EQ(rows_in(*cache), (Rows{4, 2, 5}));
  EXPECT_EQ(cache->stats().evictions, 2U);
}

TEST(GraphCacheTest, ContainsAndListKeysDoNotTouchRecency) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(2);
  call(engine, counted(1), cache);
  call(engine, counted(2), cache);
  EXPECT_TRUE(cache->contains(key_of(engine, 1)));
  EXPECT_FALSE(cache->contains(key_of(engine, 9)));
  static_cast<void>(cache->list_keys());
  call(engine, counted(3), cache);
  EXPECT_EQ(rows_in(*cache), (Rows{2, 3}));
}

TEST(GraphCacheTest, SafeRemoveDropsOneOrNothing) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(4);
  call(engine, counted(1), cache);
  call(engine, counted(2), cache);
  cache->safe_remove(key_of(engine, 1));
  cache->safe_remove(key_of(engine, 1));
  EXPECT_EQ(rows_in(*cache), Rows{2});
  EXPECT_EQ(options.counters->live_graphs, 1);
  EXPECT_EQ(cache->stats().removals, 1U);
}

TEST(GraphCacheTest, PurgeDropsTheOldest) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(8);
  for (std::int64_t rows = 1; rows <= 5; ++rows) {
    call(engine, counted(rows), cache);
  }
  cache->purge(0);
  EXPECT_EQ(cache->get_current_size(), 5);
  cache->purge(2);
  EXPECT_EQ(rows_in(*cache), (Rows{3, 4, 5}));
  EXPECT_EQ(options.counters->live_graphs, 3);
  cache->purge(100);
  EXPECT_EQ(cache->get_current_size(), 0);
  call(engine, counted(1), cache);
  cache->purge();
  EXPECT_EQ(options.counters->live_graphs, 0);
  expect_error(ErrorCode::kInvalidParameter, {"n_oldest", "-1"}, [&] { cache->purge(-1); });
}

TEST(GraphCacheTest, NegativeBoundsAreErrors) {
  expect_error(ErrorCode::kInvalidParameter, {"capacity", "-1"}, [] { GraphCache(-1); });
  expect_error(ErrorCode::kInvalidParameter, {"max_bytes", "-5"},
               [] { GraphCache(GraphCacheOptions{.capacity = 1, .max_bytes = -5}); });
}

TEST(GraphCacheTest, CapacityZeroTurnsCachingOff) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(0);
  for (int i = 0; i < 3; ++i) {
    const InferResult result = call(engine, counted(2), cache);
    EXPECT_EQ(result.route, Route::kEager);
    EXPECT_EQ(result.reason, Reason::kCapacityZero);
  }
  EXPECT_EQ(options.counters->captures, 0);
  EXPECT_EQ(cache->stats().eager, 3U);
  expect_consistent(cache->stats());
}

TEST(GraphCacheTest, MaxBytesEvictsTheOldest) {
  fakes::FakeOptions options;
  options.graph_bytes = 1000;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache =
      std::make_shared<GraphCache>(GraphCacheOptions{.capacity = 100, .max_bytes = 2999});
  for (std::int64_t rows = 1; rows <= 4; ++rows) {
    call(engine, counted(rows), cache);
    EXPECT_LE(cache->stats().bytes, 2999);
    EXPECT_EQ(options.counters->live_graphs, cache->get_current_size());
  }
  EXPECT_EQ(rows_in(*cache), (Rows{3, 4}));
  EXPECT_EQ(cache->stats().bytes, 2000);
  EXPECT_EQ(cache->stats().peak_bytes, 2000);
}

TEST(GraphCacheTest, WhatAnEngineHoldsForAllItsGraphsIsCountedOnceAndApart) {
  const Engine first = fakes::make_fake_engine({.graph_bytes = 1000, .shared_bytes = 5000});
  const auto cache =
      std::make_shared<GraphCache>(GraphCacheOptions{.capacity = 100, .max_bytes = 2000});
  EXPECT_EQ(cache->stats().shared_bytes, 0) << "it knows no engine yet";
  call(first, counted(1), cache);
  call(first, counted(2), cache);
  EXPECT_EQ(cache->stats().shared_bytes, 5000);
  EXPECT_EQ(cache->stats().bytes, 2000) << "max_bytes bounds what eviction can give back";
  {
    const Engine second = fakes::make_fake_engine({.shared_bytes = 70});
    call(second, counted(1), cache);
    EXPECT_EQ(cache->stats().shared_bytes, 5070);
    const GraphCacheReport report = cache->report();
    ASSERT_EQ(report.engines.size(), 2U);
    EXPECT_EQ(report.engines[0].shared_bytes + report.engines[1].shared_bytes, 5070);
    EXPECT_EQ(report.totals.shared_bytes, 5070);
  }
  EXPECT_EQ(cache->stats().shared_bytes, 5000) << "its engine is gone";
}

TEST(GraphCacheTest, AGraphLargerThanMaxBytesIsNotPublished) {
  fakes::FakeOptions options;
  options.graph_bytes = 1001;
  const Engine large = fakes::make_fake_engine(options);
  fakes::FakeOptions small_options;
  small_options.graph_bytes = 600;
  const Engine small = fakes::make_fake_engine(small_options);
  const auto cache =
      std::make_shared<GraphCache>(GraphCacheOptions{.capacity = 8, .max_bytes = 1000});
  call(small, counted(1), cache);
  const InferResult result = call(large, counted(1), cache);
  EXPECT_EQ(result.route, Route::kEager);
  EXPECT_EQ(result.reason, Reason::kOverBudget);
  EXPECT_EQ(options.counters->live_graphs, 0);
  EXPECT_TRUE(cache->contains(key_of(small, 1))) << "it must push nothing out";
  const auto refusal = cache->refusal(key_of(large, 1));
  ASSERT_TRUE(refusal.has_value());
  EXPECT_NE(refusal->message.find("1001"), std::string::npos);
  EXPECT_EQ(call(large, counted(1), cache).reason, Reason::kOverBudget);
  EXPECT_EQ(options.counters->captures, 1) << "a refused key is not captured again";
  expect_consistent(cache->stats());
}

TEST(GraphCacheTest, ModelsDoNotShareGraphs) {
  fakes::FakeOptions one;
  fakes::FakeOptions two;
  two.salt = 100;
  const Engine first = fakes::make_fake_engine(one);
  const Engine second = fakes::make_fake_engine(two);
  const auto cache = std::make_shared<GraphCache>(8);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(call(first, counted(1), cache).outputs[0].as<float>()[0], 1);
    EXPECT_EQ(call(second, counted(1), cache).outputs[0].as<float>()[0], 101);
  }
  EXPECT_EQ(cache->get_current_size(), 2);
  cache->remove_engine(first.id());
  EXPECT_FALSE(cache->contains(key_of(first, 1)));
  EXPECT_TRUE(cache->contains(key_of(second, 1)));
  expect_error(ErrorCode::kInvalidParameter, {"engine " + std::to_string(first.id())},
               [&] { static_cast<void>(cache->acquire(second, key_of(first, 1))); });
}

TEST(GraphCacheTest, StatisticsCountEverything) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(2);
  for (const std::int64_t rows : Rows{1, 1, 2, 3, 1}) {
    call(engine, counted(rows), cache);
  }
  const GraphCacheStats stats = cache->stats();
  EXPECT_EQ(stats.calls, 5U);
  EXPECT_EQ(stats.captured, 4U);
  EXPECT_EQ(stats.replayed, 1U);
  EXPECT_EQ(stats.hits, 1U);
  EXPECT_EQ(stats.misses, 4U);
  EXPECT_EQ(stats.captures, 4U);
  EXPECT_EQ(stats.evictions, 2U);
  EXPECT_EQ(stats.size, 2);
  EXPECT_EQ(stats.bytes, 2000);
  EXPECT_GT(stats.capture_time_total.count(), 0);
  EXPECT_GT(stats.capture_time_median.count(), 0);
  EXPECT_LE(stats.capture_time_median, stats.capture_time_total);
  expect_consistent(stats);
}

TEST(GraphCacheTest, MoreThanTheKeptCaptureTimesFit) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(1);
  for (int i = 0; i < 4200; ++i) {
    call(engine, counted(1 + i % 2, 1), cache);
  }
  EXPECT_EQ(cache->stats().captures, 4200U);
  EXPECT_GT(cache->stats().capture_time_median.count(), 0);
}

TEST(GraphCacheTest, AHotKeyIsRememberedWhileManyOthersPass) {
  fakes::FakeOptions options;
  const Engine engine = fakes::make_fake_engine(options);
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.capacity = 4, .admission = Admission::sightings(2)});
  call(engine, counted(1, 1), cache);
  call(engine, counted(1, 1), cache);
  call(engine, counted(2, 1), cache);
  call(engine, counted(2, 1), cache);  // Held, but not used any more.
  for (std::int64_t i = 0; i < 4200; ++i) {
    call(engine, counted(3 + i / 100, 1 + i % 100), cache);
    ASSERT_EQ(call(engine, counted(1, 1), cache).route, Route::kReplayed);
  }
  const GraphCacheReport report = cache->report();
  EXPECT_EQ(report.keys.size(), 4096U);
  const KeyStats& hot = report.keys.back();
  EXPECT_EQ(hot.key, key_of(engine, 1, 1)) << "the most recently used one is last";
  EXPECT_EQ(hot.calls, 4202U);
  EXPECT_EQ(hot.replayed, 4200U);
  const KeyStats& idle = report.keys[report.keys.size() - 2];
  EXPECT_EQ(idle.key, key_of(engine, 2, 1)) << "what is held is not forgotten";
  EXPECT_TRUE(idle.held);
  EXPECT_FALSE(report.keys.front().held) << "those without a graph come first";
}

TEST(GraphCacheTest, MoreKeysThanAreRememberedCanBeHeldAndAreToldOnce) {
  constexpr std::size_t kKeys = 4200;
  const Engine engine = fakes::make_fake_engine();
  GraphCache cache(static_cast<std::int64_t>(kKeys));
  std::vector<InputSignature> signatures;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(kKeys); ++i) {
    signatures.push_back({{DType::kF32, {1 + i / 100, 1 + i % 100}}});
  }
  EXPECT_EQ(cache.prewarm(engine, signatures), (PrewarmReport{.accepted = kKeys}));
  EXPECT_EQ(cache.prewarm(engine, signatures), (PrewarmReport{.held = kKeys}));
  const GraphCacheReport report = cache.report();
  EXPECT_EQ(report.keys.size(), kKeys);
  EXPECT_TRUE(std::ranges::all_of(report.keys, &KeyStats::held));
}

TEST(GraphCacheTest, EnginesThatNeverCapturedAreForgottenToo) {
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.capacity = 4, .admission = Admission::sightings(100)});
  for (int i = 0; i < 3; ++i) {
    const Engine engine = fakes::make_fake_engine();
    call(engine, counted(1), cache);
    EXPECT_EQ(cache->report().engines.size(), 1U);
  }
  EXPECT_TRUE(cache->report().engines.empty());
  EXPECT_TRUE(cache->report().keys.empty());
}

}  // namespace
}  // namespace replayrt
