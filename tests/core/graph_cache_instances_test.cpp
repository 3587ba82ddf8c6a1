// max_instances_per_key: several graphs of one key, replayed at once.

#include <barrier>
#include <thread>

#include "core/fake_calls.hpp"

namespace replayrt {
namespace {

class GraphCacheInstancesTest : public testing::Test {
 protected:
  static std::shared_ptr<GraphCache> make_cache(GraphCacheOptions options) {
    options.verify = Verification::off();
    return std::make_shared<GraphCache>(options);
  }
  /// Makes `count` instances of a key by leasing them all at once.
  static void make_instances(GraphCache& cache, const Engine& engine, std::int64_t rows,
                             int count) {
    std::vector<Lease> leases;
    for (int i = 0; i < count; ++i) {
      leases.push_back(cache.acquire(engine, key_of(engine, rows)));
      EXPECT_EQ(leases.back().route(), Route::kCaptured);
    }
  }

  fakes::FakeOptions options_;
};

TEST_F(GraphCacheInstancesTest, TwoInstancesAreReplayedAtOnce) {
  std::barrier both(2);
  bool meet = false;
  options_.on_run = [&](bool captured) {
    if (captured && meet) {
      both.arrive_and_wait();  // Passed only if the two runs are under way at the same time.
    }
  };
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 4, .max_instances_per_key = 2});
  make_instances(*cache, engine, 2, 2);
  meet = true;
  std::atomic<int> replayed{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        const InferResult result = call(engine, counted(2), cache);
        replayed += result.route == Route::kReplayed ? 1 : 0;
        EXPECT_EQ(result.outputs[0].as<float>()[5], 6);
      });
    }
  }
  EXPECT_EQ(replayed, 2);
  EXPECT_EQ(options_.counters->captures, 2);
  EXPECT_EQ(options_.counters->violations, 0);
}

TEST_F(GraphCacheInstancesTest, BeyondTheBoundAKeyIsBusy) {
  const Engine engine = fakes::make_fake_engine(options_);
  for (const int bound : {1, 2, 3}) {
    const auto cache = make_cache({.capacity = 4, .max_instances_per_key = bound});
    std::vector<Lease> leases;
    for (int i = 0; i < bound; ++i) {
      leases.push_back(cache->acquire(engine, key_of(engine, 2)));
      EXPECT_EQ(leases.back().route(), Route::kCaptured);
    }
    const InferResult result = call(engine, counted(2), cache);
    EXPECT_EQ(result.route, Route::kEager);
    EXPECT_EQ(result.reason, Reason::kBusy);
    leases.pop_back();
    EXPECT_EQ(call(engine, counted(2), cache).route, Route::kReplayed);
    expect_consistent(cache->stats());
  }
}

TEST_F(GraphCacheInstancesTest, BytesCountAllInstances) {
  options_.graph_bytes = 1000;
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 4, .max_instances_per_key = 3});
  make_instances(*cache, engine, 1, 3);
  call(engine, counted(2), cache);
  const GraphCacheReport report = cache->report();
  EXPECT_EQ(report.totals.size, 2) << "keys";
  EXPECT_EQ(report.totals.bytes, 4000);
  EXPECT_EQ(report.keys[0].instances, 3);
  EXPECT_EQ(report.keys[0].bytes, 3000);
  EXPECT_EQ(report.engines[0].bytes, 4000);
  cache->safe_remove(key_of(engine, 1));
  EXPECT_EQ(cache->stats().bytes, 1000);
  EXPECT_EQ(cache->report().engines[0].bytes, 1000);
  EXPECT_EQ(cache->stats().removals, 3U);
  EXPECT_EQ(options_.counters->live_graphs, 1);
}

TEST_F(GraphCacheInstancesTest, EvictionWaitsForEveryLease) {
  options_.graph_bytes = 1000;
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 1, .max_instances_per_key = 2});
  {
    std::optional<Lease> first = cache->acquire(engine, key_of(engine, 1));
    std::optional<Lease> second = cache->acquire(engine, key_of(engine, 1));
    call(engine, counted(2), cache);
    EXPECT_EQ(rows_in(*cache), std::vector<std::int64_t>{2});
    EXPECT_EQ(cache->stats().bytes, 1000);
    EXPECT_EQ(cache->stats().evictions, 2U) << "graphs";
    EXPECT_EQ(options_.counters->live_graphs, 3);
    first.reset();
    EXPECT_EQ(options_.counters->live_graphs, 2);
    second.reset();
  }
  EXPECT_EQ(options_.counters->live_graphs, 1);
}

TEST_F(GraphCacheInstancesTest, WhereBytesAreShortANewInstanceReplacesAnOlderOne) {
  options_.graph_bytes = 1000;
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 4, .max_bytes = 2500, .max_instances_per_key = 3});
  std::vector<Lease> leases;
  for (int i = 0; i < 3; ++i) {
    leases.push_back(cache->acquire(engine, key_of(engine, 1)));
  }
  EXPECT_EQ(cache->stats().bytes, 2000);
  EXPECT_EQ(cache->stats().peak_bytes, 2000);
  EXPECT_EQ(cache->stats().evictions, 1U);
  EXPECT_EQ(cache->report().keys[0].instances, 2);
  EXPECT_EQ(options_.counters->live_graphs, 3) << "leased ones live on";
  leases.clear();
  EXPECT_EQ(options_.counters->live_graphs, 2);
  EXPECT_EQ(cache->get_current_size(), 1);
}

TEST_F(GraphCacheInstancesTest, AnInstanceThatFailsLeavesTheOthers) {
  options_.graph_bytes = 1000;
  const Engine engine = fakes::make_fake_engine(options_);
  const auto cache = make_cache({.capacity = 4, .max_instances_per_key = 2});
  make_instances(*cache, engine, 1, 2);
  cache->acquire(engine, key_of(engine, 1)).discard();
  EXPECT_EQ(cache->stats().bytes, 1000);
  EXPECT_EQ(options_.counters->live_graphs, 1);
  EXPECT_EQ(call(engine, counted(1), cache).route, Route::kReplayed);
  cache->acquire(engine, key_of(engine, 1)).discard();
  EXPECT_EQ(cache->get_current_size(), 0);
  EXPECT_EQ(cache->stats().removals, 2U);
  expect_consistent(cache->stats());
}

}  // namespace
}  // namespace replayrt
