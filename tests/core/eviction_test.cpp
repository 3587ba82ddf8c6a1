#include "core/eviction.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/admission.hpp"
#include "core/fake_calls.hpp"
#include "core/fake_clock.hpp"
#include "core/lru_index.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::detail {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

constexpr double kRatio = kAssumedReplayRatio;

TEST(SavedPerByteTest, IsWhatTheFormulaSays) {
  const KeyUsage key{.eager_runs = 3, .mean_eager = 10, .replays = 5, .mean_replay = 4};
  EXPECT_DOUBLE_EQ(saved_per_byte(key, {}, 8, 12), (10.0 - 4) * 8 / 12);
  EXPECT_DOUBLE_EQ(saved_per_byte(key, {}, 8, 0), (10.0 - 4) * 8) << "at least one byte";
}

TEST(SavedPerByteTest, WhatWasNotMeasuredFollowsFromTheRatio) {
  KeyUsage key{.replays = 1, .mean_replay = 8};
  EXPECT_DOUBLE_EQ(saved_per_byte(key, {}, 1, 1), 8 / kRatio - 8);
  key.eager_runs = 1;
  key.mean_eager = 50;
  EXPECT_DOUBLE_EQ(saved_per_byte(key, {}, 1, 1), 8 / kRatio - 8) << "the first also prepares";
  key.eager_runs = 2;
  key.mean_eager = 11;
  EXPECT_DOUBLE_EQ(saved_per_byte(key, {}, 1, 1), 11.0 - 8);
  key = {.eager_runs = 2, .mean_eager = 10};
  EXPECT_DOUBLE_EQ(saved_per_byte(key, {}, 1, 1), 10 - kRatio * 10) << "no replay yet";
  key.eager_runs = 1;
  EXPECT_DOUBLE_EQ(saved_per_byte(key, {}, 1, 1), 10 - kRatio * 10) << "better than nothing";
  const EngineUsage measured{.pairs = 1000, .paired_replay = 500, .paired_eager = 1000};
  EXPECT_DOUBLE_EQ(saved_per_byte(key, measured, 1, 1), 10 - replay_ratio(measured) * 10);
}

TEST(SavedPerByteTest, AGraphThatHasNotRunIsJudgedByTheRunItWasComparedWith) {
  KeyUsage key;
  EXPECT_EQ(saved_per_byte(key, {}, 1, 1), 0) << "nothing is known";
  note_compared(key, 30);
  EXPECT_DOUBLE_EQ(saved_per_byte(key, {}, 1, 1), 30 - kRatio * 30);
  EngineUsage engine;
  CacheUsage cache;
  KeyUsage other;
  note_compared(other, 40);
  note_replay(other, engine, cache, kRatio * 10);
  EXPECT_DOUBLE_EQ(saved_per_byte(key, engine, 1, 1), (30 - kRatio * 30) / 4)
      << "such runs took four times as long as later ones";
  note_replay(other, engine, cache, 1000);
  EXPECT_DOUBLE_EQ(saved_per_byte(key, engine, 1, 1), (30 - kRatio * 30) / 4)
      << "only the first counts";
}

TEST(SavedPerByteTest, IsNeverNegative) {
  const KeyUsage slower{.eager_runs = 9, .mean_eager = 4, .replays = 9, .mean_replay = 5};
  EXPECT_EQ(saved_per_byte(slower, {}, 3, 10), 0);
}

TEST(RecentCallsTest, CountAndAreForgotten) {
  KeyDemand key;
  EXPECT_EQ(recent_calls(key, 5), 0);
  note_call(key, 1);
  note_call(key, 1);
  EXPECT_DOUBLE_EQ(recent_calls(key, 1), 2);
  EXPECT_DOUBLE_EQ(recent_calls(key, 1 + kWorthHalfLife), 1);
  note_call(key, 1 + kWorthHalfLife);
  EXPECT_DOUBLE_EQ(recent_calls(key, 1 + kWorthHalfLife), 2);
}

using Index = LruIndex<int, double>;  // The value is the worth.

std::vector<int> victims(const Index& index, Index::ConstHandle keep) {
  std::vector<int> keys;
  std::optional<VictimRank> last;
  const auto worth = [](const Index::Node& node) { return node.value; };
  for (auto next = next_victim(index, keep, last, worth); next != index.end();
       next = next_victim(index, keep, last, worth)) {
    keys.push_back(*next->key);
  }
  return keys;
}

TEST(NextVictimTest, TheLeastWorthGoesFirstAndThePinnedLast) {
  Index index;
  index.insert(1, 5, 1);
  const auto two = index.insert(2, 0, 1);
  index.insert(3, 3, 1);
  index.insert(4, 3, 1);
  const auto five = index.insert(5, 1, 1);
  EXPECT_THAT(victims(index, index.end()), ElementsAre(2, 5, 3, 4, 1)) << "of equals the older";
  EXPECT_THAT(victims(index, five), ElementsAre(2, 3, 4, 1)) << "never the one to keep";
  two->pinned = true;
  five->pinned = true;
  EXPECT_THAT(victims(index, index.end()), ElementsAre(3, 4, 1, 2, 5));
  EXPECT_THAT(victims(Index(), Index().end()), ElementsAre());
}

TEST(NextVictimTest, WithoutWorthItIsTheIndexsOwnVictim) {
  std::mt19937 random(20261128);
  for (int trial = 0; trial < 300; ++trial) {
    Index index;
    const int size = static_cast<int>(random() % 8) + 1;
    for (int key = 0; key < size; ++key) {
      index.insert(key, 0, 1)->pinned = random() % 2 == 0;
    }
    const auto keep = index.handle_of(static_cast<int>(random() % static_cast<unsigned>(size)));
    std::optional<VictimRank> last;
    const auto none = [](const Index::Node&) { return 0.0; };
    EXPECT_TRUE(next_victim(index, keep, last, none) == Index::ConstHandle(index.victim(keep)));
  }
}

/// A cache whose runs take what the test says.
class EvictionTest : public testing::Test {
 protected:
  std::shared_ptr<GraphCache> make_cache(Eviction eviction, std::int64_t capacity,
                                         Admission admission = Admission::always()) {
    return std::make_shared<GraphCache>(GraphCacheOptions{.capacity = capacity,
                                                          .eviction = eviction,
                                                          .admission = admission,
                                                          .clock = clock_.clock()});
  }
  /// One call that takes so long when it is replayed, or captured and run; eagerly 10 ms.
  Route use(GraphCache& cache, std::int64_t rows, milliseconds replay) {
    Lease lease = cache.acquire(engine_, key_of(engine_, rows));
    const Route route = lease.route();
    lease.finish({}, route == Route::kEager ? milliseconds(10) : replay);
    return route;
  }

  FakeClock clock_;
  const Engine engine_ = fakes::make_fake_engine();
};

constexpr std::array kBoth{Eviction::kLeastRecentlyUsed, Eviction::kCostAware};

TEST_F(EvictionTest, TheValuesGiveUpDifferentGraphs) {
  for (const Eviction eviction : kBoth) {
    const auto cache = make_cache(eviction, 2);
    use(*cache, 1, milliseconds(9));
    use(*cache, 2, milliseconds(1));
    use(*cache, 3, milliseconds(5));
    EXPECT_THAT(rows_in(*cache),
                eviction == Eviction::kCostAware ? ElementsAre(1, 3) : ElementsAre(2, 3))
        << to_string(eviction);
  }
}

TEST_F(EvictionTest, KeysAreListedByUseWhateverGoesFirst) {
  const auto cache = make_cache(Eviction::kCostAware, 3);
  for (const std::int64_t rows : {1, 2, 3, 1}) {
    use(*cache, rows, milliseconds(rows));
  }
  EXPECT_THAT(rows_in(*cache), ElementsAre(2, 3, 1));
  cache->purge(1);
  EXPECT_THAT(rows_in(*cache), ElementsAre(3, 1)) << "the oldest, as purge says";
}

TEST_F(EvictionTest, TheNewGraphIsNeverItsOwnVictim) {
  const auto cache = make_cache(Eviction::kCostAware, 1);
  for (int i = 0; i < 10; ++i) {
    use(*cache, 1, milliseconds(9));
  }
  use(*cache, 2, milliseconds(0));
  EXPECT_THAT(rows_in(*cache), ElementsAre(2));
}

TEST_F(EvictionTest, WhatIsLeasedGoesOnlyIfAllIs) {
  const auto cache = make_cache(Eviction::kCostAware, 2);
  use(*cache, 1, milliseconds(1));
  use(*cache, 2, milliseconds(9));
  {
    const Lease worthless = cache->acquire(engine_, key_of(engine_, 1));
    use(*cache, 3, milliseconds(5));
    EXPECT_THAT(rows_in(*cache), ElementsAre(1, 3)) << "2 saves more, but is free";
    const Lease third = cache->acquire(engine_, key_of(engine_, 3));
    use(*cache, 4, milliseconds(5));
    EXPECT_THAT(rows_in(*cache), ElementsAre(3, 4)) << "all are leased: the oldest";
  }
}

TEST_F(EvictionTest, BytesCount) {
  fakes::FakeOptions options;
  options.bytes_of = [](const InputSignature& signature) {
    return signature[0].shape[0] == 1 ? std::size_t{1000} : std::size_t{100};
  };
  const Engine engine = fakes::make_fake_engine(options);
  GraphCache cache({.max_bytes = 1150, .eviction = Eviction::kCostAware});
  const auto use = [&](std::int64_t rows, milliseconds replay) {
    cache.acquire(engine, key_of(engine, rows)).finish({}, replay);
  };
  use(2, milliseconds(2));
  use(1, milliseconds(10));
  use(3, milliseconds(2));
  EXPECT_THAT(rows_in(cache), ElementsAre(2, 3)) << "five times as fast to have, ten times as big";
}

TEST_F(EvictionTest, WhoIsAskedWhatItIsWorthIsWhoWouldGo) {
  // Both hold a graph that earns much and is the oldest, and one that earns nothing.
  int calls_of_cost_aware = 0;
  int calls_of_lru = 0;
  for (const Eviction eviction : kBoth) {
    const auto cache = make_cache(eviction, 2, Admission::pays_back());
    for (int i = 0; i < 400; ++i) {
      use(*cache, 1, milliseconds(5));
    }
    for (int i = 0; i < 600 && !cache->contains(key_of(engine_, 2)); ++i) {
      use(*cache, 2, milliseconds(10));
    }
    ASSERT_THAT(rows_in(*cache), ElementsAre(1, 2));
    for (int i = 0; i < 60; ++i) {
      use(*cache, 2, milliseconds(10));
    }
    int calls = 0;
    while (use(*cache, 3, milliseconds(5)) != Route::kCaptured) {
      ASSERT_LT(++calls, 1000);
    }
    if (eviction == Eviction::kCostAware) {
      EXPECT_THAT(rows_in(*cache), ElementsAre(1, 3));
      calls_of_cost_aware = calls;
    } else {
      EXPECT_THAT(rows_in(*cache), ElementsAre(2, 3));
      calls_of_lru = calls;
    }
  }
  EXPECT_LT(calls_of_cost_aware, calls_of_lru) << "what earns nothing is pushed out sooner";
}

TEST_F(EvictionTest, ColdGraphsAreJudgedByTheEagerRunTheyWereComparedWith) {
  for (const Eviction eviction : kBoth) {
    fakes::FakeOptions options;
    std::chrono::nanoseconds takes{0};
    options.on_run = [&](bool captured) { clock_.advance(captured ? milliseconds(0) : takes); };
    const Engine engine = fakes::make_fake_engine(options);
    const auto cache = make_cache(eviction, 2);
    for (const std::int64_t rows : {9, 1, 5}) {
      takes = milliseconds(rows);
      ASSERT_EQ(call(engine, counted(rows), cache).route, Route::kCaptured);
    }
    EXPECT_THAT(rows_in(*cache),
                eviction == Eviction::kCostAware ? ElementsAre(9, 5) : ElementsAre(1, 5));
  }
}

/// Workloads on simulated times: what replays save under a budget of half of the working set.
class SimulatedEvictionTest : public testing::Test {
 protected:
  static constexpr std::size_t kShapes = 24;

  struct Shape {
    std::chrono::nanoseconds eager;
    std::chrono::nanoseconds replay;
    std::size_t bytes;
  };

  SimulatedEvictionTest() {
    set_log_sink({}, LogLevel::kOff);  // That it thrashes.
    std::mt19937 random(20261129);
    for (std::size_t i = 0; i < kShapes; ++i) {
      // As measured of real models: a part that all have, and one that grows with the shape.
      const auto size = static_cast<std::int64_t>(random() % 100 + 1);
      const auto percent = static_cast<std::int64_t>(70 + random() % 20);
      const std::chrono::nanoseconds eager(2'000'000 + size * 300'000);
      shapes_.push_back(
          {eager, eager * percent / 100, static_cast<std::size_t>(20'000'000 + size * 400'000)});
    }
    options_.bytes_of = [this](const InputSignature& signature) {
      return shapes_[static_cast<std::size_t>(signature[0].shape[0]) - 1].bytes;
    };
    options_.on_capture = [this](const InputSignature&) { clock_.advance(milliseconds(300)); };
  }

  ~SimulatedEvictionTest() override { set_log_sink({}, LogLevel::kWarning); }

  std::vector<std::size_t> zipf(std::size_t calls) const {
    std::vector<double> weights;
    for (std::size_t rank = 0; rank < kShapes; ++rank) {
      weights.push_back(std::pow(static_cast<double>(rank + 1), -1.1));
    }
    std::vector<double> sums;
    double sum = 0;
    for (const double weight : weights) {
      sums.push_back(sum += weight);
    }
    std::mt19937 random(20261130);  // Used as it is: distributions differ between libraries.
    std::vector<std::size_t> trace;
    for (std::size_t i = 0; i < calls; ++i) {
      const double place = static_cast<double>(random()) / 4294967296.0 * sum;
      trace.push_back(
          static_cast<std::size_t>(std::ranges::upper_bound(sums, place) - sums.begin()));
    }
    return trace;
  }
  static std::vector<std::size_t> cycle(std::size_t calls) {
    std::vector<std::size_t> trace;
    for (std::size_t i = 0; i < calls; ++i) {
      trace.push_back(i % kShapes);
    }
    return trace;
  }

  struct Played {
    std::chrono::nanoseconds saved{0};
    std::uint64_t captures = 0;
  };

  Played play(const std::vector<std::size_t>& trace, Eviction eviction) {
    const Engine engine = fakes::make_fake_engine(options_);
    std::size_t working_set = 0;
    for (const Shape& shape : shapes_) {
      working_set += shape.bytes;
    }
    GraphCache cache({.capacity = GraphCacheOptions::kUnbounded,
                      .max_bytes = static_cast<std::int64_t>(working_set / 2),
                      .eviction = eviction,
                      .admission = Admission::always(),
                      .clock = clock_.clock()});
    Played played;
    for (const std::size_t which : trace) {
      const Shape& shape = shapes_[which];
      Lease lease = cache.acquire(engine, key_of(engine, static_cast<std::int64_t>(which) + 1));
      if (lease.route() == Route::kReplayed) {
        played.saved += shape.eager - shape.replay;
      }
      clock_.advance(shape.replay);
      lease.finish({}, shape.replay);
    }
    played.captures = cache.stats().captures;
    return played;
  }

  FakeClock clock_;
  fakes::FakeOptions options_;
  std::vector<Shape> shapes_;
};

TEST_F(SimulatedEvictionTest, ACostAwareCacheSavesMoreOnAZipfTrace) {
  const std::vector<std::size_t> trace = zipf(4000);
  const Played lru = play(trace, Eviction::kLeastRecentlyUsed);
  const Played cost_aware = play(trace, Eviction::kCostAware);
  EXPECT_GT(cost_aware.saved, lru.saved);
  EXPECT_GT(lru.saved.count(), 0);
  RecordProperty("lru_ms", std::to_string(lru.saved.count() / 1'000'000));
  RecordProperty("cost_aware_ms", std::to_string(cost_aware.saved.count() / 1'000'000));
  RecordProperty("lru_captures", std::to_string(lru.captures));
  RecordProperty("cost_aware_captures", std::to_string(cost_aware.captures));
}

TEST_F(SimulatedEvictionTest, ACostAwareCacheSavesMoreOnACycle) {
  const std::vector<std::size_t> trace = cycle(2400);
  const Played lru = play(trace, Eviction::kLeastRecentlyUsed);
  const Played cost_aware = play(trace, Eviction::kCostAware);
  EXPECT_EQ(lru.saved.count(), 0) << "each shape is gone when it comes again";
  EXPECT_GT(cost_aware.saved.count(), 0);
  EXPECT_LT(cost_aware.captures, lru.captures * 3 / 4);
  RecordProperty("cost_aware_ms", std::to_string(cost_aware.saved.count() / 1'000'000));
  RecordProperty("cost_aware_captures", std::to_string(cost_aware.captures));
}

TEST_F(SimulatedEvictionTest, ANewWorkingSetTakesThePlaceOfTheOld) {
  std::vector<std::size_t> trace;
  for (std::size_t i = 0; i < 2000; ++i) {
    trace.push_back(i % 8);
  }
  for (std::size_t i = 0; i < 2000; ++i) {
    trace.push_back(12 + i % 8);
  }
  const Played played = play(trace, Eviction::kCostAware);
  EXPECT_LT(played.captures, 400U) << "the old one does not hold its place for ever";
}

}  // namespace
}  // namespace replayrt::detail
