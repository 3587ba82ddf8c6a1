#include "bench_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "bench_figures.hpp"
#include "cli/bench_cases.hpp"
#include "error.hpp"

namespace replayrt::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ModeResult mode_of(Mode mode, std::vector<double> times) {
  ModeResult result;
  result.mode = mode;
  result.call_times = std::move(times);
  for (std::size_t i = 0; i < result.call_times.size(); i += 3) {
    result.round_times.push_back(result.call_times[i] + result.call_times[i + 1] +
                                 result.call_times[i + 2]);
  }
  return result;
}

BenchResult result_of_both() {
  BenchResult result;
  result.modes.push_back(mode_of(Mode::kEager, {1, 2, 1, 2, 4, 2}));
  result.modes.push_back(mode_of(Mode::kReplay, {0.5, 1, 0.5, 2, 2, 2}));
  result.modes[1].replayed = 6;
  result.modes[1].cache = GraphCacheStats{};
  result.max_abs_difference = 0.25;
  return result;
}

BenchPlan plan() {
  BenchPlan plan;
  plan.rounds = 2;
  return plan;
}

TEST(RatioToEager, IsTheMedianOverTheRounds) {
  const BenchResult result = result_of_both();
  EXPECT_DOUBLE_EQ(*ratio_to_eager(result, result.modes[0]), 1);
  EXPECT_DOUBLE_EQ(*ratio_to_eager(result, result.modes[1]), (0.5 + 0.75) / 2);
}

TEST(BenchText, TellsThreadsOfTheCpuOnly) {
  const BenchResult result = result_of_both();
  BenchFacts facts;
  facts.precision = "f32";
  facts.threads = 1;
  EXPECT_THAT(bench_text(facts, two_shapes(), plan(), result),
              HasSubstr("precision f32, 1 thread\n"));
  facts.threads = 2;
  EXPECT_THAT(bench_text(facts, two_shapes(), plan(), result), HasSubstr("f32, 2 threads\n"));
  facts.threads = 0;
  EXPECT_THAT(bench_text(facts, two_shapes(), plan(), result), HasSubstr("precision f32\n"));
}

TEST(RatioToEager, IsUnknownWithoutEager) {
  BenchResult result = result_of_both();
  result.modes.erase(result.modes.begin());
  EXPECT_FALSE(ratio_to_eager(result, result.modes[0]).has_value());
}

TEST(BenchJson, HasTheFiguresOfEachModeAndShape) {
  const auto json = nlohmann::json::parse(bench_json({}, two_shapes(), plan(), result_of_both()));
  const auto& replay = json["modes"]["replay"];
  EXPECT_EQ(replay["calls"], 6);
  EXPECT_DOUBLE_EQ(replay["median_us"], 1.5e6);
  EXPECT_DOUBLE_EQ(replay["mean_us"], 8e6 / 6);
  EXPECT_DOUBLE_EQ(replay["total_s"], 8);
  EXPECT_DOUBLE_EQ(replay["throughput_per_s"], 0.75);
  EXPECT_DOUBLE_EQ(replay["ratio_to_eager"], 0.625);
  EXPECT_DOUBLE_EQ(replay["ratio_to_eager_total"], 8.0 / 12);
  EXPECT_EQ(json["max_abs_difference_to_eager"], 0.25);
  EXPECT_THAT(json["shapes"], ElementsAre("1x8", "2x8"));
  EXPECT_EQ(json["per_shape"][0]["calls_per_round"], 2);
  EXPECT_DOUBLE_EQ(json["per_shape"][0]["median_us"]["eager"], 1.5e6);
  EXPECT_DOUBLE_EQ(json["per_shape"][1]["median_us"]["eager"], 3e6);
}

TEST(BenchJson, TakesTotalsFromTheRoundsAsCallsOfSeveralCallersOverlap) {
  BenchResult result = result_of_both();
  result.modes[1].round_times = {1, 3};
  const auto json = nlohmann::json::parse(bench_json({}, two_shapes(), plan(), result));
  const auto& replay = json["modes"]["replay"];
  EXPECT_DOUBLE_EQ(replay["total_s"], 4);
  EXPECT_DOUBLE_EQ(replay["throughput_per_s"], 1.5);
  EXPECT_DOUBLE_EQ(replay["ratio_to_eager_total"], 4.0 / 12);
  EXPECT_DOUBLE_EQ(replay["mean_us"], 8e6 / 6);
}

TEST(BenchJson, HasTheSettingsAndWhatTheCacheSaved) {
  BenchResult result = result_of_both();
  result.modes[1].cache->time_saved = std::chrono::microseconds(-1500);
  result.modes[1].cache->mismatches = 1;
  result.modes[1].cache->futile_evictions = 2;
  result.modes[1].cache->thrash_warnings = 3;
  BenchPlan with = plan();
  with.cache.admission = Admission::sightings(2);
  with.cache.capture = CaptureMode::kBackground;
  with.callers = 4;
  with.shuffle_seed = 5;
  with.cold = true;
  BenchFacts facts;
  facts.repeat = 6;
  const auto json = nlohmann::json::parse(bench_json(facts, two_shapes(), with, result));
  EXPECT_EQ(json["admission"], "sightings:2");
  EXPECT_EQ(json["capture"], "background");
  EXPECT_EQ(json["callers"], 4);
  EXPECT_EQ(json["shuffle_seed"], 5);
  EXPECT_EQ(json["repeat"], 6);
  EXPECT_EQ(json["cold"], true);
  EXPECT_DOUBLE_EQ(json["cache"]["time_saved_ms"], -1.5);
  EXPECT_EQ(json["cache"]["mismatches"], 1);
  EXPECT_EQ(json["cache"]["futile_evictions"], 2);
  EXPECT_EQ(json["cache"]["thrash_warnings"], 3);
}

TEST(BenchJson, HasTheTimesOfEachShapeByTheRouteThatServedIt) {
  BenchResult result = result_of_both();
  result.modes[1].call_routes = {Route::kCaptured, Route::kEager,    Route::kReplayed,
                                 Route::kReplayed, Route::kReplayed, Route::kReplayed};
  const auto shapes =
      nlohmann::json::parse(bench_json({}, two_shapes(), plan(), result))["per_shape"];
  EXPECT_TRUE(shapes[0]["routes"]["eager"].empty()) << "no route is known of its calls";
  const auto& a = shapes[0]["routes"]["replay"];
  EXPECT_FALSE(a.contains("eager"));
  EXPECT_EQ(a["captured"]["calls"], 1);
  EXPECT_DOUBLE_EQ(a["captured"]["median_us"], 0.5e6);
  EXPECT_EQ(a["replayed"]["calls"], 3);
  EXPECT_DOUBLE_EQ(a["replayed"]["median_us"], 2e6);
  const auto& b = shapes[1]["routes"]["replay"];
  EXPECT_DOUBLE_EQ(b["eager"]["p99_us"], 1e6);
  EXPECT_DOUBLE_EQ(b["replayed"]["median_us"], 2e6);
}

TEST(BenchJson, HasTheTimelineInLists) {
  BenchResult result = result_of_both();
  result.modes[1].timeline.add(0.5, Route::kCaptured, 0.25);
  result.modes[1].timeline.add(1.5, Route::kReplayed, 1);
  const auto modes = nlohmann::json::parse(bench_json({}, two_shapes(), plan(), result))["modes"];
  EXPECT_TRUE(modes["eager"]["over_time"]["seconds"].empty());
  const auto& over_time = modes["replay"]["over_time"];
  EXPECT_THAT(over_time["seconds"], ElementsAre(0.5, 1.5));
  EXPECT_THAT(over_time["calls"], ElementsAre(1, 2));
  EXPECT_THAT(over_time["captured"], ElementsAre(1, 1));
  EXPECT_THAT(over_time["replayed"], ElementsAre(0, 1));
  EXPECT_THAT(over_time["captured_s"], ElementsAre(0.25, 0.25));
}

TEST(BenchJson, HasTheBytesOfTheModel) {
  BenchResult result = result_of_both();
  EngineStats engine;
  engine.bytes = 5;
  engine.shared_bytes = 7;
  result.modes[1].engines = {engine};
  BenchFacts facts;
  facts.model = "rec.onnx";
  const auto models =
      nlohmann::json::parse(bench_json(facts, two_shapes(), plan(), result))["cache"]["models"];
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0]["model"], "rec.onnx");
  EXPECT_EQ(models[0]["bytes"], 5);
  EXPECT_EQ(models[0]["shared_bytes"], 7);
}

TEST(BenchText, TellsActivationMemoryThatGraphsShare) {
  BenchResult result = result_of_both();
  EXPECT_THAT(bench_text({}, two_shapes(), plan(), result), Not(HasSubstr("activation memory")));
  result.modes[1].cache->shared_bytes = 3 << 20;
  EXPECT_THAT(bench_text({}, two_shapes(), plan(), result),
              HasSubstr("shared by all runs of the engine: 3 MB of activation memory"));
  EXPECT_EQ(
      nlohmann::json::parse(bench_json({}, two_shapes(), plan(), result))["cache"]["shared_bytes"],
      3 << 20);
}

TEST(BenchText, NamesTheSettingsThatAreNotTheDefaults) {
  BenchPlan with = plan();
  with.cache.admission = Admission::always();
  EXPECT_THAT(bench_text({}, two_shapes(), with, result_of_both()), Not(HasSubstr("settings")));
  with.cache.admission = Admission::pays_back();
  with.cache.verify = Verification::sampled(0.5);
  with.cache.max_instances_per_key = 3;
  with.shuffle_seed = 0;
  EXPECT_THAT(bench_text({}, two_shapes(), with, result_of_both()),
              HasSubstr("settings   admission pays_back, verify 0.5, 3 instances of a shape, "
                        "shuffled with seed 0\n"));
}

TEST(BenchReport, TellsHowGraphsAreEvictedAndWhatWasPrewarmed) {
  BenchResult result = result_of_both();
  const auto cache_of = [&](const BenchPlan& with) {
    return nlohmann::json::parse(bench_json({}, two_shapes(), with, result))["cache"];
  };
  BenchPlan with = plan();
  EXPECT_EQ(cache_of(with)["eviction"], "lru");
  EXPECT_TRUE(cache_of(with)["loaded_keys"].is_null());
  EXPECT_THAT(bench_text({}, two_shapes(), with, result), Not(HasSubstr("keys loaded")));
  with.cache.eviction = Eviction::kCostAware;
  result.modes[1].cache->prewarmed = 3;
  result.modes[1].prewarm = PrewarmReport{.accepted = 3, .no_room = 2, .unknown = 1};
  EXPECT_EQ(cache_of(with)["eviction"], "cost_aware");
  EXPECT_EQ(cache_of(with)["prewarmed"], 3);
  EXPECT_EQ(cache_of(with)["loaded_keys"],
            nlohmann::json::parse(
                R"({"accepted": 3, "held": 0, "refused": 0, "no_room": 2, "unknown": 1})"));
  const std::string text = bench_text({}, two_shapes(), with, result);
  EXPECT_THAT(text, HasSubstr("eviction cost_aware"));
  EXPECT_THAT(text, HasSubstr("keys loaded: 3 prewarmed, 2 without room, 1 of other models\n"));
}

TEST(BenchJson, HasTheCommitIfItIsKnown) {
  BenchFacts facts;
  const auto commit_of = [&] {
    return nlohmann::json::parse(
        bench_json(facts, two_shapes(), plan(), result_of_both()))["commit"];
  };
  EXPECT_TRUE(commit_of().is_null());
  facts.commit = "0123abcd";
  EXPECT_EQ(commit_of(), "0123abcd");
}

// JSON has no infinity; a reader must not take a missing figure for a small one.
TEST(BenchJson, HasNullForADifferenceThatIsNoNumber) {
  BenchResult result = result_of_both();
  result.max_abs_difference = std::numeric_limits<double>::infinity();
  const auto json = nlohmann::json::parse(bench_json({}, two_shapes(), plan(), result));
  EXPECT_TRUE(json["max_abs_difference_to_eager"].is_null());
}

TEST(BenchText, ShowsTheFirstShapesAndSaysHowManyMoreThereAre) {
  Workload many;
  BenchResult result;
  result.modes.push_back({});
  for (std::size_t i = 0; i < 20; ++i) {
    many.cases.push_back(case_named("shape_" + std::to_string(i)));
    many.calls.push_back(i);
    result.modes[0].call_times.push_back(1);
  }
  result.modes[0].round_times = {20};
  const std::string text = bench_text({}, many, plan(), result);
  EXPECT_THAT(text, HasSubstr("shape_11"));
  EXPECT_THAT(text, Not(HasSubstr("shape_12")));
  EXPECT_THAT(text, HasSubstr("and 8 more"));
}

TEST(ParseModes, KeepsTheOrderAndRefusesAllElse) {
  EXPECT_THAT(parse_modes("replay, eager"), ElementsAre(Mode::kReplay, Mode::kEager));
  for (const char* text : {"", "eager,", "eager,eager", "Eager", "replay;eager"}) {
    EXPECT_THROW(parse_modes(text), UsageError) << text;
  }
}

TEST(BenchReport, PutsTrtexecsTimesBesideThoseOfTheSameModeAndShape) {
  BenchResult result = result_of_both();
  EXPECT_THAT(bench_text({}, two_shapes(), plan(), result), Not(HasSubstr("trtexec")));
  EXPECT_TRUE(
      nlohmann::json::parse(bench_json({}, two_shapes(), plan(), result))["trtexec"].is_null());
  result.trtexec = {
      {Mode::kEager, 1, {.gpu_median = 0.003, .latency_median = 0.004, .enqueue_median = 0.001}},
      {Mode::kReplay, 1, {.gpu_median = 0.002}}};
  const std::string text = bench_text({}, two_shapes(), plan(), result);
  EXPECT_THAT(text, testing::ContainsRegex("2x8 +eager +3.00 s +4.00 ms +1.00 ms +3.00 ms\n"));
  EXPECT_THAT(text, testing::ContainsRegex("2x8 +replay +1.50 s +- +- +2.00 ms\n"));
  const auto json = nlohmann::json::parse(bench_json({}, two_shapes(), plan(), result))["trtexec"];
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["shape"], "2x8");
  EXPECT_EQ(json[0]["mode"], "eager");
  EXPECT_NEAR(json[0]["latency_us_median"], 4000, 1e-6);
  EXPECT_TRUE(json[1]["latency_us_median"].is_null());
  EXPECT_NEAR(json[1]["gpu_us_median"], 2000, 1e-6);
}

TEST(BenchReport, NamesTheStreams) {
  BenchPlan with = plan();
  with.callers = 2;
  with.streams = {std::make_shared<int>(), std::make_shared<int>()};
  EXPECT_THAT(bench_text({}, two_shapes(), with, result_of_both()),
              HasSubstr("2 callers, each with a stream of its own"));
  EXPECT_EQ(nlohmann::json::parse(bench_json({}, two_shapes(), with, result_of_both()))["streams"],
            2);
}

}  // namespace
}  // namespace replayrt::cli
