#include "bench_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "fakes/fake_engine.hpp"

namespace replayrt::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAreArray;

/// An engine that counts, and calls of `rows` x 2 on it.
struct Bench {
  explicit Bench(const std::vector<std::int64_t>& rows, fakes::FakeOptions options = {})
      : counters(options.counters), engine(fakes::make_fake_engine(std::move(options))) {
    std::vector<RequestedCall> calls;
    for (const std::int64_t row : rows) {
      calls.push_back({"test", {{"", Shape{row, 2}}}});
    }
    workload = make_workload(engine, calls, 1);
    plan.modes = {Mode::kReplay};
    plan.cache.capacity = static_cast<std::int64_t>(workload.cases.size());
    plan.cache.verify = Verification::off();
  }

  BenchResult run() { return run_bench(engine, workload, plan); }

  std::shared_ptr<fakes::FakeCounters> counters;
  Engine engine;
  Workload workload;
  BenchPlan plan;
};

/// The first two who come go on together; all later ones at once.
class Pair {
 public:
  void meet() {
    std::unique_lock lock(mutex_);
    ++come_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return come_ >= 2; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int come_ = 0;
};

TEST(RoundOrder, IsTheGivenOneWithoutASeed) {
  EXPECT_THAT(round_order(4, std::nullopt, 3), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(round_order(0, 1, 0), IsEmpty());
}

TEST(RoundOrder, DependsOnSeedAndRoundOnly) {
  const auto order = round_order(50, 7, 2);
  EXPECT_THAT(order, UnorderedElementsAreArray(round_order(50, std::nullopt, 0)));
  EXPECT_EQ(order, round_order(50, 7, 2));
  EXPECT_NE(order, round_order(50, 7, 3));
  EXPECT_NE(order, round_order(50, 8, 2));
  EXPECT_NE(order, round_order(50, std::nullopt, 2));
}

TEST(RunBench, VerifiesTheShareOfGraphsAskedFor) {
  // Eager runs are one per shape to compare with, and one per verified graph.
  const auto eager_runs = [](Verification verify) {
    Bench bench({1, 2, 3, 4});
    bench.plan.cache.verify = verify;
    bench.run();
    return bench.counters->eager_runs.load();
  };
  EXPECT_EQ(eager_runs(Verification::off()), 4);
  EXPECT_EQ(eager_runs(Verification::sampled(0.5)), 4 + 2);
  EXPECT_EQ(eager_runs(Verification::first()), 4 + 4);
}

TEST(RunBench, CapturesOneGraphPerInstanceForCallersThatMeet) {
  // Two runs meet that are no graph's first: during that one other callers wait for the capture.
  const auto run = [](std::int64_t instances, const std::vector<std::int64_t>& rows) {
    const auto pair = std::make_shared<Pair>();
    static thread_local bool is_first = false;
    fakes::FakeOptions options;
    options.on_capture = [](const InputSignature&) { is_first = true; };
    options.on_run = [pair](bool) {
      if (!std::exchange(is_first, false)) {
        pair->meet();
      }
    };
    Bench bench(rows, options);
    bench.plan.cold = true;
    bench.plan.callers = 2;
    bench.plan.cache.max_instances_per_key = instances;
    return bench.run().modes[0];
  };
  const ModeResult one = run(1, {5, 5, 5});
  EXPECT_EQ(one.cache->captures, 1U);
  EXPECT_EQ(one.eager, 1) << "one of the two that meet";
  EXPECT_THAT(one.reasons, ElementsAre(testing::Pair("busy", 1)));
  const ModeResult two = run(2, {5, 5, 5, 5});
  EXPECT_EQ(two.cache->captures, 2U);
  EXPECT_EQ(two.eager, 0);
  EXPECT_EQ(two.captured + two.replayed, 4);
}

TEST(RunBench, AllCallersTogetherMakeEachCallOnce) {
  Bench bench({1, 2, 3, 1, 2, 3, 1});
  bench.plan.modes = {Mode::kEager, Mode::kRecapture, Mode::kReplay};
  bench.plan.callers = 3;
  bench.plan.rounds = 4;
  bench.plan.warmup_rounds = 1;
  bench.plan.shuffle_seed = 1;
  const BenchResult result = bench.run();
  EXPECT_EQ(result.max_abs_difference, 0);
  for (const ModeResult& mode : result.modes) {
    EXPECT_THAT(mode.call_times, SizeIs(28));
    EXPECT_THAT(mode.call_times, testing::Each(testing::Gt(0)));
    EXPECT_THAT(mode.round_times, SizeIs(4));
    EXPECT_EQ(mode.eager + mode.captured + mode.replayed, 28);
    for (std::size_t round = 0; round < 4; ++round) {
      EXPECT_GE(mode.round_times[round],
                *std::max_element(&mode.call_times[round * 7], &mode.call_times[round * 7] + 7));
    }
  }
  EXPECT_EQ(bench.counters->violations, 0);
}

TEST(RunBench, EachCallerHasItsOwnStream) {
  for (const std::size_t count : {0, 1, 3}) {
    std::mutex mutex;
    std::map<void*, std::set<std::thread::id>> threads;
    fakes::FakeOptions options;
    options.max_eager = 3;
    options.on_context = [&](const RunContext& context) {
      const std::lock_guard lock(mutex);
      threads[context.stream].insert(std::this_thread::get_id());
    };
    Bench bench({1, 2, 3}, options);
    bench.plan.modes = {Mode::kEager};
    bench.plan.rounds = 20;
    bench.plan.callers = std::max<std::int64_t>(static_cast<std::int64_t>(count), 1);
    std::set<void*> streams;
    for (std::size_t i = 0; i < count; ++i) {
      bench.plan.streams.push_back(std::make_shared<int>());
      streams.insert(bench.plan.streams.back().get());
    }
    bench.run();
    for (const auto& [stream, callers] : threads) {
      EXPECT_TRUE(count == 0 ? stream == nullptr : streams.contains(stream));
      EXPECT_THAT(callers, SizeIs(1));
    }
    EXPECT_FALSE(threads.empty());
  }
}

TEST(RunBench, StopsAllCallersWhenOneCallFails) {
  fakes::FakeOptions options;
  options.on_run = [](bool) { throw std::runtime_error("broken"); };
  Bench bench(std::vector<std::int64_t>(1000, 1), options);
  bench.plan.modes = {Mode::kEager};
  bench.plan.callers = 2;
  EXPECT_ANY_THROW(bench.run());
  EXPECT_LE(bench.counters->eager_made, 4);
}

TEST(RunBench, StartsEveryColdRoundWithAnEmptyCache) {
  Bench bench({1, 2, 1});
  bench.plan.rounds = 3;
  bench.plan.warmup_rounds = 5;
  bench.plan.cold = true;
  const BenchResult cold = bench.run();
  EXPECT_EQ(cold.modes[0].captured, 3 * 2);
  EXPECT_EQ(cold.modes[0].replayed, 3);
  EXPECT_EQ(cold.modes[0].cache->captures, 2U) << "the last round's";
  EXPECT_EQ(cold.modes[0].cache->calls, 3U) << "without those that compare answers";
  EXPECT_EQ(cold.max_abs_difference, 0);
  EXPECT_EQ(bench.counters->captures, 3 * 2) << "no warmup round, and none to compare";

  bench.plan.cold = false;
  const BenchResult warm = bench.run();
  EXPECT_EQ(warm.modes[0].replayed, 9);
  EXPECT_EQ(warm.modes[0].cache->calls, 2U * 2 + (5 + 3) * 3);
}

TEST(Timeline, HasEveryCallWhileTheyAreFew) {
  Timeline timeline;
  EXPECT_THAT(timeline.points(), IsEmpty());
  timeline.add(0.5, Route::kEager, 0.5);
  timeline.add(0.75, Route::kCaptured, 0.25);
  timeline.add(1.5, Route::kReplayed, 0.75);
  const std::vector<ServedSoFar> points = timeline.points();
  ASSERT_THAT(points, SizeIs(3));
  EXPECT_EQ(points[0].seconds, 0.5);
  EXPECT_EQ(points[0].captured + points[0].replayed, 0);
  EXPECT_EQ(points[0].captured_seconds, 0);
  EXPECT_EQ(points[1].captured, 1);
  EXPECT_EQ(points[1].captured_seconds, 0.25);
  EXPECT_EQ(points[2].captured_seconds, 0.25);
  EXPECT_EQ(points[2].seconds, 1.5);
  EXPECT_EQ(points[2].calls, 3);
  EXPECT_EQ(points[2].captured, 1);
  EXPECT_EQ(points[2].replayed, 1);
}

TEST(Timeline, IsThinnedEvenlyAndKeepsTheLastCall) {
  for (const std::int64_t calls : {199, 200, 201, 399, 400, 1000, 12345}) {
    Timeline timeline;
    for (std::int64_t i = 1; i <= calls; ++i) {
      timeline.add(static_cast<double>(i), i % 2 == 0 ? Route::kReplayed : Route::kEager, 0);
    }
    const std::vector<ServedSoFar> points = timeline.points();
    EXPECT_LE(points.size(), Timeline::kMostPoints) << calls;
    EXPECT_GE(points.size(), Timeline::kMostPoints / 2) << calls;
    EXPECT_EQ(points.back().calls, calls);
    const std::int64_t stride = points[0].calls;
    for (std::size_t i = 0; i < points.size(); ++i) {
      EXPECT_EQ(points[i].seconds, static_cast<double>(points[i].calls));
      EXPECT_EQ(points[i].replayed, points[i].calls / 2);
      EXPECT_TRUE(i + 1 == points.size() ||
                  points[i].calls == stride * static_cast<std::int64_t>(i + 1));
    }
  }
}

TEST(RunBench, TellsHowCallsWereServedAsTimeWentOn) {
  for (const std::int64_t callers : {1, 2}) {
    Bench bench({1, 2, 1});
    bench.plan.modes = {Mode::kEager, Mode::kReplay};
    bench.plan.callers = callers;
    bench.plan.rounds = 2;
    bench.plan.cold = true;
    const BenchResult result = bench.run();
    for (const ModeResult& mode : result.modes) {
      EXPECT_THAT(mode.call_routes, SizeIs(6));
      const std::vector<ServedSoFar> points = mode.timeline.points();
      ASSERT_THAT(points, SizeIs(6));
      for (std::size_t i = 0; i < points.size(); ++i) {
        EXPECT_EQ(points[i].calls, static_cast<std::int64_t>(i) + 1);
        EXPECT_GE(points[i].seconds, i == 0 ? 0 : points[i - 1].seconds);
      }
      EXPECT_LE(points[2].seconds, mode.round_times[0] + 1e-9);
      EXPECT_GE(points[3].seconds, mode.round_times[0]);
      EXPECT_LE(points[5].seconds, mode.round_times[0] + mode.round_times[1] + 1e-9);
      EXPECT_EQ(points[5].captured, mode.captured);
      EXPECT_EQ(points[5].replayed, mode.replayed);
    }
    EXPECT_EQ(result.modes[1].captured, 2 * 2);
  }
}

// A shuffled round is served in another order than that of the workload.
TEST(RunBench, TheTimelineIsInTheOrderOfTheCalls) {
  Bench bench({1, 2, 3, 4, 4, 4, 4, 4});
  bench.plan.cold = true;
  std::set<std::vector<std::int64_t>> seen;
  for (const std::uint64_t seed : {1, 2, 3}) {
    bench.plan.shuffle_seed = seed;
    std::vector<std::int64_t> expected;
    std::set<std::size_t> called;
    for (const std::size_t position : round_order(8, seed, 0)) {
      called.insert(bench.workload.calls[position]);
      expected.push_back(static_cast<std::int64_t>(called.size()));
    }
    std::vector<std::int64_t> captured;
    for (const ServedSoFar& point : bench.run().modes[0].timeline.points()) {
      captured.push_back(point.captured);
    }
    EXPECT_EQ(captured, expected) << seed;
    seen.insert(captured);
  }
  EXPECT_GT(seen.size(), 1U);
}

TEST(RunBench, TellsWhatTheEngineHolds) {
  fakes::FakeOptions options;
  options.shared_bytes = 77;
  Bench bench({1, 2}, options);
  bench.plan.modes = {Mode::kEager, Mode::kReplay};
  const BenchResult result = bench.run();
  EXPECT_THAT(result.modes[0].engines, IsEmpty());
  ASSERT_THAT(result.modes[1].engines, SizeIs(1));
  EXPECT_EQ(result.modes[1].engines[0].bytes, 2000);
  EXPECT_EQ(result.modes[1].engines[0].bytes, result.modes[1].cache->bytes);
  EXPECT_EQ(result.modes[1].engines[0].shared_bytes, 77);
}

TEST(RunBench, ShufflesTheRoundsOfAllModesAlike) {
  std::vector<std::int64_t> captured;
  fakes::FakeOptions options;
  options.on_capture = [&](const InputSignature& signature) {
    captured.push_back(signature[0].shape[0]);
  };
  Bench bench({1, 2, 3, 4, 5, 6}, options);
  bench.plan.modes = {Mode::kRecapture, Mode::kReplay};
  bench.plan.cold = true;
  bench.plan.rounds = 2;
  bench.plan.shuffle_seed = 3;
  bench.run();
  std::vector<std::int64_t> expected;
  for (const std::int64_t round : {0, 1}) {
    for (const std::size_t position : round_order(6, 3, round)) {
      expected.insert(expected.end(), 2, static_cast<std::int64_t>(position) + 1);
    }
  }
  ASSERT_GE(captured.size(), expected.size());
  captured.resize(expected.size());  // The comparison follows.
  EXPECT_EQ(captured, expected);
}

std::vector<std::int64_t> rows_of(const std::vector<SavedKey>& keys) {
  std::vector<std::int64_t> rows;
  for (const SavedKey& key : keys) {
    rows.push_back(key.inputs[0].shape[0]);
  }
  return rows;
}

// 1 is called often, 2 and 3 take turns: the least recently used one is what is wanted most.
TEST(RunBench, EvictsAsThePlanSays) {
  const auto captured = [](Eviction eviction) {
    Bench bench({1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 1, 2, 3, 1});
    bench.plan.cold = true;
    bench.plan.cache.capacity = 2;
    bench.plan.cache.eviction = eviction;
    return bench.run().modes[0].captured;
  };
  EXPECT_EQ(captured(Eviction::kLeastRecentlyUsed), 1 + 2 + 1 + 2 + 1);
  EXPECT_EQ(captured(Eviction::kCostAware), 1 + 2 + 2);
}

TEST(RunBench, KeepsTheKeysAndMetricsOfTheReplayCacheIfAsked) {
  for (const bool cold : {false, true}) {
    Bench bench({1, 2});
    bench.plan.modes = {Mode::kRecapture, Mode::kReplay};
    bench.plan.cold = cold;
    const BenchResult without = bench.run();
    EXPECT_THAT(without.keys, IsEmpty());
    EXPECT_THAT(without.metrics, IsEmpty());
    bench.plan.keep_keys = true;
    bench.plan.keep_metrics = true;
    const BenchResult result = bench.run();
    EXPECT_THAT(rows_of(result.keys), testing::UnorderedElementsAre(1, 2));
    EXPECT_EQ(result.modes[1].cache->captures, 2U);
    EXPECT_THAT(result.metrics, testing::HasSubstr("replayrt_graph_cache_captures_total 2\n"));
    EXPECT_THAT(result.metrics, testing::HasSubstr("replayrt_graph_cache_keys 2\n"));
  }
}

TEST(RunBench, PrewarmsTheReplayCacheOrEachOneOfAColdBench) {
  Bench bench({1, 2, 1});
  bench.plan.keep_keys = true;
  const std::vector<SavedKey> keys = bench.run().keys;
  bench.plan.keep_keys = false;
  bench.plan.rounds = 3;
  bench.plan.modes = {Mode::kEager, Mode::kRecapture, Mode::kReplay};
  for (const CaptureMode capture : {CaptureMode::kInline, CaptureMode::kBackground}) {
    bench.plan.cache.capture = capture;
    bench.plan.cold = false;
    bench.plan.prewarm.reset();
    EXPECT_EQ(bench.run().modes[2].cache->prewarmed, 0U);
    bench.plan.prewarm = keys;
    const ModeResult warm = bench.run().modes[2];
    EXPECT_EQ(warm.prewarm->accepted, 2U);
    EXPECT_EQ(warm.captured, 0);
    EXPECT_EQ(warm.cache->captures, 2U);
  }
  bench.plan.cache.capture = CaptureMode::kInline;
  bench.plan.cold = true;
  const BenchResult cold = bench.run();
  EXPECT_EQ(cold.modes[2].replayed, 9) << "every round's captures are made before it";
  EXPECT_EQ(cold.modes[2].cache->prewarmed, 2U);
  EXPECT_FALSE(cold.modes[1].prewarm.has_value()) << "recapture begins with nothing";
  bench.plan.prewarm = std::vector<SavedKey>(keys.begin(), keys.begin() + 1);
  EXPECT_EQ(bench.run().modes[2].captured, 3);
  bench.plan.prewarm->front().engine_hash = "another";
  const ModeResult foreign = bench.run().modes[2];
  EXPECT_EQ(foreign.captured, 6);
  EXPECT_EQ(foreign.prewarm->unknown, 1U);
}

}  // namespace
}  // namespace replayrt::cli
