// What the cache does on its own account, on real graphs: when it captures, who waits, how many
// graphs there are of one key.

#include <algorithm>
#include <atomic>
#include <barrier>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "backends/openvino/support.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

using namespace openvino_test;

const Shape kShape{1, 3, 48, 96};

// The nice value of every thread of this process (proc(5), /proc/pid/stat, field 19).
std::vector<int> nice_values() {
  std::vector<int> values;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "stat");
    const std::string line(std::istreambuf_iterator<char>(file), {});
    std::istringstream fields(line.substr(std::min(line.rfind(')') + 1, line.size())));
    std::string field;
    for (int number = 3; number <= 19; ++number) {
      fields >> field;
    }
    if (fields) {  // Else the thread has ended meanwhile.
      values.push_back(std::stoi(field));
    }
  }
  return values;
}

TEST(OpenVinoCache, CapturesWhatPaysBackUnlessToldOtherwise) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Tensor input = random_tensor(kShape, 1);
  const auto cache = std::make_shared<GraphCache>(4);
  const InferResult first = run(rec, {input}, cache);
  EXPECT_EQ(first.route, Route::kEager);
  EXPECT_EQ(first.reason, Reason::kNotYet);

  // As if each call took long: it captures once that has cost what a capture costs, not before.
  const std::vector<TensorView> views = {input.view()};
  const GraphKey key = rec.key_for(views);
  int eager = 0;
  Route route = Route::kEager;
  for (; route == Route::kEager && eager < 1000; ++eager) {
    Lease lease = cache->acquire(rec, key);
    route = lease.route();
    lease.finish(Completion(), std::chrono::seconds(1));
  }
  EXPECT_EQ(route, Route::kCaptured);
  EXPECT_GT(eager, 1);
  EXPECT_LT(eager, 1000);
  EXPECT_EQ(run(rec, {input}, cache).route, Route::kReplayed);

  // A model with fixed shapes has nothing to pay for.
  const Engine fixed = load_engine(model_path("static.onnx"));
  EXPECT_EQ(run(fixed, {random_tensor(Shape{1, 3, 8, 8}, 1)}, cache).route, Route::kCaptured);
}

TEST(OpenVinoCache, NobodyWaitsForACaptureInTheBackground) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Tensor input = random_tensor(kShape, 1);
  const TensorList expected = run(rec, {input}, nullptr).outputs;
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.admission = Admission::always(), .capture = CaptureMode::kBackground});
  std::atomic<int> pending{0};
  {
    std::barrier start(4);
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&] {
        start.arrive_and_wait();
        const InferResult result = run(rec, {input}, cache);
        EXPECT_NE(result.route, Route::kCaptured);
        pending += result.reason == Reason::kCapturePending ? 1 : 0;
        EXPECT_LT(difference(result.outputs[0], expected[0]), 1e-4);
      });
    }
  }
  EXPECT_GT(pending, 0) << "a capture takes longer than a run";
  cache->wait_idle();
  const InferResult replay = run(rec, {input}, cache);
  EXPECT_EQ(replay.route, Route::kReplayed);
  EXPECT_LT(difference(replay.outputs[0], expected[0]), 1e-4);
  const GraphCacheStats stats = cache->stats();
  EXPECT_EQ(stats.captures, 1U);
  EXPECT_EQ(stats.captured, 0U) << "no call captured";
  EXPECT_EQ(stats.mismatches, 0U) << "verified against the eager answer";

  // Graphs inherit the priority of the thread that compiled them: a niced one would stay slow.
  const std::vector<int> values = nice_values();
  EXPECT_GT(values.size(), 1U);
  EXPECT_EQ(std::ranges::count(values, values.front()), std::ssize(values));
}

TEST(OpenVinoCache, TwoGraphsOfOneKeyRunAtOnce) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"), {.inference_threads = 1});
  const Tensor input = random_tensor(kShape, 1);
  const TensorList expected = run(rec, {input}, nullptr).outputs;
  const std::vector<TensorView> views = {input.view()};
  const GraphKey key = rec.key_for(views);
  GraphCache cache(GraphCacheOptions{.admission = Admission::always(), .max_instances_per_key = 2});
  {
    Lease first = cache.acquire(rec, key);
    Lease second = cache.acquire(rec, key);
    EXPECT_EQ(second.route(), Route::kCaptured);
    EXPECT_NE(&first.executor(), &second.executor());
    Lease third = cache.acquire(rec, key);
    EXPECT_EQ(third.reason(), Reason::kBusy);
    std::vector<std::jthread> callers;
    for (Lease* lease : {&first, &second}) {
      callers.emplace_back([&, lease] {
        TensorList outputs;
        lease->executor().run(views, {}, outputs);
        EXPECT_LT(difference(outputs[0], expected[0]), 1e-4);
      });
    }
  }
  const GraphCacheReport report = cache.report();
  ASSERT_EQ(report.keys.size(), 1U);
  EXPECT_EQ(report.keys[0].instances, 2);
  EXPECT_EQ(report.keys[0].bytes, report.totals.bytes);
  EXPECT_EQ(report.totals.size, 1);
}

TEST(OpenVinoCache, OneThreadCapturesForAllThatMissAKey) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Tensor input = random_tensor(kShape, 1);
  const TensorList expected = run(rec, {input}, nullptr).outputs;
  const auto cache =
      std::make_shared<GraphCache>(GraphCacheOptions{.admission = Admission::always()});
  {
    std::barrier start(4);
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&] {
        start.arrive_and_wait();
        EXPECT_LT(difference(run(rec, {input}, cache).outputs[0], expected[0]), 1e-4);
      });
    }
  }
  const GraphCacheReport report = cache->report();
  EXPECT_EQ(report.totals.captures, 1U);
  EXPECT_EQ(report.totals.captured, 1U);
  EXPECT_EQ(report.totals.calls, 4U);
  ASSERT_EQ(report.engines.size(), 1U);
  EXPECT_EQ(report.engines[0].eager + report.engines[0].captured + report.engines[0].replayed, 4U);
  EXPECT_EQ(report.engines[0].bytes, report.totals.bytes);
  EXPECT_GT(report.engines[0].capture_time_total.count(), 0);
}

TEST(OpenVinoCache, AGraphThatIsTooLargeIsMadeOnce) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Tensor input = random_tensor(kShape, 1);
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.max_bytes = 1, .admission = Admission::always()});
  for (int i = 0; i < 3; ++i) {
    const InferResult result = run(rec, {input}, cache);
    EXPECT_EQ(result.route, Route::kEager);
    EXPECT_EQ(result.reason, Reason::kOverBudget);
  }
  EXPECT_EQ(cache->stats().captures, 1U);
  EXPECT_EQ(cache->stats().bytes, 0);
}

TEST(OpenVinoCache, AWrongGraphIsNotUsed) {
  // OpenVINO 2026.4.1 compiles this model wrongly for a width of 64; others may not.
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const Tensor input = random_tensor(Shape{1, 3, 48, 64}, 1);
  const Tensor expected = run(rec, {input}, nullptr).outputs[0];
  GraphCacheOptions options{.admission = Admission::always(), .verify = Verification::off()};
  const auto trusting = std::make_shared<GraphCache>(options);
  const bool is_wrong =
      difference(run(rec, {input}, trusting).outputs[0], expected) > 1e-2 * largest(expected);
  EXPECT_EQ(trusting->stats().captured, 1U);

  options.verify = Verification::first();
  const auto cache = std::make_shared<GraphCache>(options);
  const InferResult result = run(rec, {input}, cache);
  EXPECT_LT(difference(result.outputs[0], expected), 1e-4);
  EXPECT_EQ(result.route, is_wrong ? Route::kEager : Route::kCaptured);
  EXPECT_EQ(result.reason, is_wrong ? Reason::kMismatch : Reason::kNone);
  EXPECT_EQ(cache->stats().mismatches, is_wrong ? 1U : 0U);
}

TEST(OpenVinoCache, CapturesNoMoreOftenThanAllowed) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
  GraphCacheOptions options{.admission = Admission::always()};
  options.max_captures_per_second = 1;
  options.clock = [&now] { return now; };
  const auto cache = std::make_shared<GraphCache>(options);
  EXPECT_EQ(run(rec, {random_tensor(kShape, 1)}, cache).route, Route::kCaptured);
  const Tensor other = random_tensor(Shape{1, 3, 48, 80}, 1);
  EXPECT_EQ(run(rec, {other}, cache).reason, Reason::kRateLimited);
  now += std::chrono::seconds(1);
  EXPECT_EQ(run(rec, {other}, cache).route, Route::kCaptured);
}

TEST(OpenVinoCache, SaysThatItThrashes) {
  const Engine rec = load_engine(model_path("ppocrv6_rec.onnx"));
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.capacity = 1, .admission = Admission::always()});
  std::vector<std::string> warnings;
  set_log_sink([&](LogLevel, std::string_view text) { warnings.emplace_back(text); },
               LogLevel::kWarning);
  for (std::int64_t i = 0; i < 16; ++i) {
    run(rec, {random_tensor(Shape{1, 3, 48, 48 + 32 * (i % 2)}, 1)}, cache);
  }
  set_log_sink({}, LogLevel::kOff);
  EXPECT_THAT(warnings, testing::ElementsAre(testing::AllOf(testing::HasSubstr("thrashes"),
                                                            testing::HasSubstr("capacity 1"))));
  EXPECT_EQ(cache->stats().thrash_warnings, 1U);
}

}  // namespace
}  // namespace replayrt
