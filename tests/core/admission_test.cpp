#include "core/admission.hpp"

#include <gmock/gmock.h>

#include <array>
#include <vector>

#include "core/fake_calls.hpp"
#include "core/fake_clock.hpp"

namespace replayrt::detail {
namespace {

using std::chrono::milliseconds;

/// An engine and cache that have seen enough for the sum of captures to be no bound.
CacheUsage rich() {
  return {.calls = 0, .capture_seconds = 0, .eager_equivalent = 1e6, .saved = 0};
}

TEST(AdmissionTest, SkiRentalBuysExactlyAtThePrice) {
  const KeyUsage key{.rent = 10};
  const EngineUsage engine{};
  const double earned = 10 * (1 - kAssumedReplayRatio);
  EXPECT_EQ(pays_back(key, engine, rich(), earned, 0), Reason::kNone);
  EXPECT_EQ(pays_back(key, engine, rich(), earned * 1.000001, 0), Reason::kNotYet);
}

TEST(AdmissionTest, MeasuredPairsOutweighTheAssumedRatio) {
  const KeyUsage key{.rent = 10};
  EngineUsage engine;
  EXPECT_EQ(replay_ratio(engine), kAssumedReplayRatio);
  engine = {.pairs = 4, .paired_replay = 2, .paired_eager = 4};
  EXPECT_DOUBLE_EQ(replay_ratio(engine), (kAssumedReplayRatio + 0.5) / 2) << "four against four";
  EXPECT_EQ(pays_back(key, engine, rich(), 4.5, 0), Reason::kNotYet);
  engine = {.pairs = 60, .paired_replay = 30, .paired_eager = 60};
  EXPECT_NEAR(replay_ratio(engine), 0.5, 0.025);
  EXPECT_EQ(pays_back(key, engine, rich(), 4.5, 0), Reason::kNone);
}

std::vector<std::uint64_t> remeasured_at(const EngineUsage& engine) {
  KeyUsage key;
  std::vector<std::uint64_t> at;
  for (; key.replays < 300; ++key.replays) {
    if (remeasure_now(key, engine)) {
      at.push_back(key.replays);
    }
  }
  return at;
}

TEST(AdmissionTest, OneCallRunsEagerlyAfterTwoFourEightThenEverySixtyFourReplays) {
  EXPECT_THAT(remeasured_at({}), testing::ElementsAre(2, 4, 8, 16, 32, 64, 128, 192, 256));
  EXPECT_THAT(remeasured_at({.pairs = kConvincingPairs}), testing::ElementsAre(64, 128, 192, 256))
      << "an engine that is known well";
}

TEST(AdmissionTest, AllCapturesTogetherAreBounded) {
  const KeyUsage key{.rent = 1e9};
  CacheUsage cache{.calls = 0, .capture_seconds = 3, .eager_equivalent = 100, .saved = 0};
  EXPECT_EQ(pays_back(key, {}, cache, 1, 0), Reason::kNone) << "3 + 1 <= 0.04 * 100";
  EXPECT_EQ(pays_back(key, {}, cache, 1.001, 0), Reason::kNotYet);
  cache.saved = 2;
  EXPECT_EQ(pays_back(key, {}, cache, 3, 0), Reason::kNone) << "what was saved may be spent";
  cache.saved = -1;
  EXPECT_EQ(pays_back(key, {}, cache, 0.5, 0), Reason::kNotYet) << "what was lost may not";
}

TEST(AdmissionTest, ARareKeyDoesNotPushOutOneThatEarns) {
  const KeyUsage key{.rent = 100, .worth = 3};
  EXPECT_EQ(pays_back(key, {}, rich(), 1, 0), Reason::kNone) << "there is room";
  EXPECT_EQ(pays_back(key, {}, rich(), 1, 1.99), Reason::kNone);
  EXPECT_EQ(pays_back(key, {}, rich(), 1, 2), Reason::kNotYet) << "not more than 1.5 times";
}

TEST(AdmissionTest, WorthHalvesWhileOthersAreCalled) {
  const KeyUsage key{.worth = 8, .worth_calls = 100};
  EXPECT_EQ(decayed_worth(key, 100), 8);
  EXPECT_EQ(decayed_worth(key, 100 + 256), 4);
  EXPECT_EQ(decayed_worth(key, 100 + 512), 2);
}

TEST(AdmissionTest, AnEngineWhoseReplaysGainNothingIsGivenUp) {
  KeyUsage key;
  EngineUsage engine;
  CacheUsage cache = rich();
  note_eager(key, engine, cache, 1);
  note_eager(key, engine, cache, 1);
  const auto pair = [&](double replay) {
    note_replay(key, engine, cache, replay);
    note_eager(key, engine, cache, 1);
  };
  for (std::uint64_t i = 0; i + 1 < kConvincingPairs; ++i) {
    pair(0.995);
    EXPECT_FALSE(gave_up(engine));
  }
  key.rent = 1e6;
  EXPECT_EQ(pays_back(key, engine, cache, 1, 0), Reason::kNone);
  pair(0.995);
  EXPECT_TRUE(gave_up(engine));
  EXPECT_EQ(pays_back(key, engine, cache, 1, 0), Reason::kNotFaster);
  for (int i = 0; i < 100; ++i) {
    pair(0.5);
  }
  EXPECT_FALSE(gave_up(engine)) << "measured to be faster after all";
}

TEST(AdmissionTest, OldPairsFade) {
  KeyUsage key;
  EngineUsage engine;
  CacheUsage cache;
  const auto pair = [&](double replay) {
    note_replay(key, engine, cache, replay);
    note_eager(key, engine, cache, 1);
  };
  for (int i = 0; i < 10000; ++i) {
    pair(0.5);
    ASSERT_LT(engine.pairs, 64U);
  }
  for (int i = 0; i < 600; ++i) {
    pair(2);
  }
  EXPECT_GT(replay_ratio(engine), 1.8) << "10,000 faster ones do not hide that it is slower now";
}

TEST(AdmissionTest, BookingRuns) {
  KeyUsage key;
  EngineUsage engine;
  CacheUsage cache;
  note_replay(key, engine, cache, 1);
  EXPECT_EQ(cache.saved, 0) << "nothing is known of its eager time";
  EXPECT_EQ(engine.pairs, 0U);
  note_eager(key, engine, cache, 100);
  EXPECT_EQ(key.mean_eager, 100);
  EXPECT_EQ(engine.pairs, 1U) << "the replay before it and this run";
  note_eager(key, engine, cache, 3);
  EXPECT_EQ(key.mean_eager, 3) << "the first run also prepares";
  EXPECT_EQ(key.rent, 103);
  note_replay(key, engine, cache, 2);
  EXPECT_EQ(key.saved, 1);
  EXPECT_EQ(cache.saved, 1);
  EXPECT_EQ(cache.eager_equivalent, 1 + 100 + 3 + 3);
  EXPECT_EQ(expected_price(engine, 7), 7);
  note_capture(key, engine, cache, 4, false);
  note_capture(key, engine, cache, 6, false);
  EXPECT_EQ(expected_price(engine, 7), 5) << "measured prices count";
  EXPECT_EQ(key.rent, 0);
  EXPECT_EQ(cache.capture_seconds, 10);
  note_capture(key, engine, cache, 8, true);
  EXPECT_EQ(cache.capture_seconds, 15) << "3 would have been spent on the call anyway";
  EXPECT_EQ(cache.eager_equivalent, 107 + 3);
  note_capture(key, engine, cache, 2, true);
  EXPECT_EQ(cache.capture_seconds, 15) << "never less than nothing";
}

/// A real cache under `pays_back` whose runs take what the test says. Eager: 10 ms.
class PaysBackTest : public testing::Test {
 protected:
  std::shared_ptr<GraphCache> make_cache(std::int64_t capacity) {
    return std::make_shared<GraphCache>(GraphCacheOptions{
        .capacity = capacity, .admission = Admission::pays_back(), .clock = clock_.clock()});
  }
  Engine make_engine(milliseconds capture) {
    fakes::FakeOptions options;
    options.estimate.time = capture;
    options.on_capture = [this, capture](const InputSignature&) { clock_.advance(capture); };
    return fakes::make_fake_engine(options);
  }
  /// One call; a replay takes `replay`.
  Route use(GraphCache& cache, const Engine& engine, std::int64_t rows,
            milliseconds replay = milliseconds(5)) {
    Lease lease = cache.acquire(engine, key_of(engine, rows / 1024 + 1, rows % 1024 + 1));
    const Route route = lease.route();
    reason_ = lease.reason();
    lease.finish({}, route == Route::kEager ? milliseconds(10) : replay);
    total_eager_ += milliseconds(10);
    return route;
  }
  static std::chrono::nanoseconds captures(const GraphCache& cache) {
    return cache.stats().capture_time_total;
  }

  FakeClock clock_;
  Reason reason_ = Reason::kNone;
  std::chrono::nanoseconds total_eager_{0};
};

TEST_F(PaysBackTest, ARepeatedShapeIsCapturedWhenItHasPaidAndThenReplayed) {
  const auto cache = make_cache(4);
  const Engine engine = make_engine(milliseconds(30));
  // Rent at the assumed ratio: 1.5 ms a call, so 20 calls; allowance: 0.4 ms a call, so 75 calls.
  for (int i = 0; i < 75; ++i) {
    ASSERT_EQ(use(*cache, engine, 1), Route::kEager) << i;
    ASSERT_EQ(reason_, Reason::kNotYet);
  }
  EXPECT_EQ(use(*cache, engine, 1), Route::kCaptured);
  int eager = 0;
  for (int i = 0; i < 640; ++i) {
    eager += use(*cache, engine, 1) == Route::kEager ? 1 : 0;
  }
  EXPECT_EQ(eager, 14) << "after 2, 4, 8, 16, 32, 64 replays, then one call in 64";
  EXPECT_GT(cache->stats().time_saved, milliseconds(3000));
}

TEST_F(PaysBackTest, ShapesThatNeverRepeatCostNothing) {
  const auto cache = make_cache(8);
  const Engine engine = make_engine(milliseconds(50));
  for (std::int64_t rows = 0; rows < 20000; ++rows) {
    ASSERT_EQ(use(*cache, engine, rows), Route::kEager);
  }
  EXPECT_EQ(captures(*cache).count(), 0);
}

TEST_F(PaysBackTest, ACycleLongerThanTheCapacityCostsAtMostFourPercent) {
  for (const milliseconds replay : {milliseconds(5), milliseconds(10), milliseconds(12)}) {
    total_eager_ = {};
    const auto cache = make_cache(4);
    const Engine engine = make_engine(milliseconds(40));
    std::chrono::nanoseconds spent{0};
    for (int round = 0; round < 1500; ++round) {
      for (std::int64_t rows = 0; rows < 9; ++rows) {
        spent += use(*cache, engine, rows, replay) == Route::kEager ? milliseconds(10) : replay;
      }
    }
    const double captured = static_cast<double>(captures(*cache).count());
    const double saved = static_cast<double>(cache->stats().time_saved.count());
    const double eager = static_cast<double>(total_eager_.count());
    EXPECT_LE(captured, 0.04 * eager + std::max(saved, 0.0)) << replay.count();
    const double total = static_cast<double>(spent.count()) + captured;
    EXPECT_LE(total, 1.05 * eager) << replay.count() << ": never much slower than eager";
    EXPECT_GT(cache->stats().captures, 0U) << "the test exercises captures";
    if (replay == milliseconds(5)) {
      EXPECT_LT(total, 0.9 * eager) << "four of nine shapes earn";
    }
  }
}

TEST_F(PaysBackTest, WhereReplayGainsNothingTheEngineIsGivenUp) {
  const auto cache = make_cache(4);
  const Engine engine = make_engine(milliseconds(1));
  for (int i = 0; i < 400; ++i) {
    use(*cache, engine, 1, milliseconds(10));
  }
  ASSERT_TRUE(cache->contains(key_of(engine, 1, 2)));
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(use(*cache, engine, 2), Route::kEager);
  }
  EXPECT_EQ(reason_, Reason::kNotFaster);
}

TEST_F(PaysBackTest, AnEvictedKeyStartsAnew) {
  const auto cache = make_cache(4);
  const Engine engine = make_engine(milliseconds(3));
  int first = 0;
  while (use(*cache, engine, 1) != Route::kCaptured) {
    ++first;
  }
  for (int i = 0; i < 500; ++i) {  // The bound on all captures is no matter any more.
    use(*cache, engine, 1);
  }
  cache->purge();
  const KeyStats forgotten = cache->report().keys.front();
  EXPECT_EQ(forgotten.mean_eager_time.count(), 0);
  EXPECT_EQ(forgotten.time_saved.count(), 0);
  int again = 0;
  while (use(*cache, engine, 1) != Route::kCaptured) {
    ++again;
  }
  EXPECT_GT(again, 0) << "its earlier rent is not counted twice";
  EXPECT_LT(again, first) << "the ratio is known now, and what was saved may be spent";
}

TEST_F(PaysBackTest, ARareKeyIsServedEagerlyBesideOneThatEarns) {
  const auto cache = make_cache(1);
  const Engine engine = make_engine(milliseconds(3));
  for (int i = 0; i < 3000; ++i) {
    use(*cache, engine, 1);
    if (i % 20 == 19) {
      ASSERT_EQ(use(*cache, engine, 2), Route::kEager);
    }
  }
  EXPECT_EQ(reason_, Reason::kNotYet);
  EXPECT_EQ(cache->stats().evictions, 0U);
  int calls = 0;
  while (use(*cache, engine, 2) != Route::kCaptured && calls < 1000) {
    ++calls;
  }
  EXPECT_LT(calls, 1000) << "when it has become the hot one it takes the place";
}

TEST(SightingsTest, AKeyIsCapturedAtItsNthCall) {
  const Engine engine = fakes::make_fake_engine();
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.capacity = 4, .admission = Admission::sightings(3)});
  constexpr std::array kExpected{Route::kEager, Route::kEager, Route::kCaptured, Route::kReplayed};
  for (const Route expected : kExpected) {
    const InferResult result = call(engine, counted(1), cache);
    EXPECT_EQ(result.route, expected);
    EXPECT_EQ(result.reason, expected == Route::kEager ? Reason::kNotYet : Reason::kNone);
  }
  cache->purge();
  EXPECT_EQ(call(engine, counted(1), cache).route, Route::kEager) << "an evicted key starts anew";
}

}  // namespace
}  // namespace replayrt::detail
