#include "doctor_advice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "doctor_cases.hpp"
#include "doctor_text.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(Advise, WantsAMeasuredShape) {
  ShapeFigures unmeasured = line(320);
  unmeasured.eager.clear();
  EXPECT_THROW(advise(trace_of({unmeasured}, {1})), Error);
}

TEST(Advise, SaysThatCapturingHelpsAndWhenItHasPaid) {
  const Advice advice = advise(trace_of({line(320)}, {1000}));
  EXPECT_EQ(advice.verdict, Verdict::kHelps);
  EXPECT_NEAR(advice.ratio->median, 0.8, 1e-9);
  EXPECT_EQ(advice.ratio->rounds, 5U);
  EXPECT_NEAR(advice.saving, 0.0064, 1e-9);
  EXPECT_NEAR(*advice.break_even, 0.1 / 0.0064, 1e-6);
  EXPECT_TRUE(advice.shapes[0].pays);
  EXPECT_TRUE(advice.cache.use);
  EXPECT_EQ(advice.cache.capacity, 1);
  EXPECT_EQ(advice.cache.max_bytes, 20 * kMiB);
  EXPECT_NEAR(advice.trace->eager.seconds, 32, 1e-6);
  EXPECT_NEAR(advice.trace->always.seconds, 0.132 + 999 * 0.0256, 1e-6);
}

TEST(Advise, TheVerdictDependsOnTheRatio) {
  const auto verdict = [](double ratio) { return advise(untraced({line(320, ratio)})).verdict; };
  EXPECT_EQ(verdict(0.9), Verdict::kHelps);
  EXPECT_EQ(verdict(0.98), Verdict::kHelpsLittle);
  EXPECT_EQ(verdict(0.995), Verdict::kDoesNotHelp);
  EXPECT_EQ(verdict(1.2), Verdict::kDoesNotHelp);
}

TEST(Advise, WhatMayBeNoiseIsAtMostALittleHelpAndToldToBeUnsure) {
  ShapeFigures noisy = line(320, 0.9);
  noisy.replay = {0.9 * 0.032, 0.9 * 0.032, 0.9 * 0.032, 1.1 * 0.032, 1.1 * 0.032};
  const Advice advice = advise(untraced({noisy}));
  EXPECT_NEAR(advice.ratio->median, 0.9, 1e-9);
  EXPECT_NEAR(advice.ratio->from, 0.9, 1e-9);
  EXPECT_NEAR(advice.ratio->to, 1.1, 1e-9);
  EXPECT_NEAR(advice.ratio->high, 1.1, 1e-9);
  EXPECT_EQ(advice.verdict, Verdict::kHelpsLittle);
  EXPECT_FALSE(advice.certain);
  EXPECT_THAT(words_of(untraced({noisy})), HasSubstr("That is not sure"));
  EXPECT_THAT(words_of(untraced({line(320, 0.9)})), Not(HasSubstr("That is not sure")));
  // As wide a spread over many rounds leaves little doubt of the median.
  ShapeFigures many = line(320, 0.9);
  many.eager.assign(300, 0.032);
  many.replay.assign(300, 0.9 * 0.032);
  for (std::size_t i = 0; i < many.replay.size(); i += 3) {
    many.replay[i] = 1.1 * 0.032;
  }
  EXPECT_TRUE(advise(untraced({many})).certain);
  EXPECT_NEAR(advise(untraced({many})).ratio->high, 1.1, 1e-9);
  EXPECT_EQ(advise(untraced({many})).verdict, Verdict::kHelps);
}

TEST(Advise, NoiseThatTouchesBothOfAPairDoesNotMatter) {
  ShapeFigures shape = line(320);
  shape.eager = {1, 2, 8, 4, 3};
  shape.replay = {0.8, 1.6, 6.4, 3.2, 2.4};
  const Advice advice = advise(untraced({shape}));
  EXPECT_NEAR(advice.ratio->from, 0.8, 1e-9);
  EXPECT_NEAR(advice.ratio->to, 0.8, 1e-9);
  EXPECT_NEAR(advice.shapes[0].cost.replay, 0.8 * 3, 1e-9);
}

TEST(Advise, RatiosCountEveryShapeByItsCalls) {
  const Advice advice = advise(trace_of({line(100, 0.5), line(100, 1)}, {300, 100}));
  EXPECT_NEAR(advice.ratio->median, (3 * 0.5 + 1) / 4, 1e-9);
}

TEST(Advise, ReplaysThatAreSlowerNeverPay) {
  const Advice advice = advise(trace_of({line(320, 1.1)}, {1000}));
  EXPECT_EQ(advice.verdict, Verdict::kDoesNotHelp);
  EXPECT_EQ(advice.break_even, std::nullopt);
  EXPECT_FALSE(advice.shapes[0].pays);
  EXPECT_FALSE(advice.cache.use);
  EXPECT_THAT(words_of(trace_of({line(320, 1.1)}, {1000})),
              testing::AllOf(HasSubstr("does not help this model"),
                             HasSubstr("No number of replays pays"), HasSubstr("- no cache")));
}

TEST(Advise, ATraceWithoutRepetitionIsNotHelpedThoughReplaysAreFaster) {
  const DoctorFigures figures = trace_of({line(320), line(480)}, {3, 2});
  const Advice advice = advise(figures);
  EXPECT_EQ(advice.verdict, Verdict::kDoesNotHelp);
  EXPECT_LT(advice.ratio->median, 0.9);
  EXPECT_FALSE(advice.cache.use);
  EXPECT_EQ(advice.cache.capacity, 0);
  EXPECT_THAT(words_of(figures), HasSubstr("does not help this trace on this machine, though "
                                           "replays are faster"));
}

TEST(Advise, ACallThatCapturesIsNoReplay) {
  // Pays after 0.1 / 0.0064 = 15.6 replays: the call that captures and 16 more.
  EXPECT_FALSE(advise(trace_of({line(320)}, {16})).shapes[0].pays);
  EXPECT_TRUE(advise(trace_of({line(320)}, {17})).shapes[0].pays);
}

TEST(Advise, NothingCapturedIsToldWithItsReasons) {
  const DoctorFigures figures =
      trace_of({refused(320, Reason::kRandom, "op 'r' draws"), refused(480, Reason::kRandom),
                refused(640, Reason::kStateful)},
               {5, 3, 1});
  const Advice advice = advise(figures);
  EXPECT_EQ(advice.verdict, Verdict::kCannotBeCaptured);
  EXPECT_EQ(advice.ratio, std::nullopt);
  EXPECT_FALSE(advice.trace.has_value());
  EXPECT_FALSE(advice.cache.use);
  ASSERT_THAT(advice.refusals, SizeIs(2));
  EXPECT_EQ(advice.refusals[0].reason, Reason::kRandom);
  EXPECT_EQ(advice.refusals[0].message, "op 'r' draws");
  EXPECT_EQ(advice.refusals[0].shapes, 2U);
  EXPECT_EQ(advice.refusals[0].calls, 8U);
  EXPECT_THAT(words_of(figures),
              testing::AllOf(HasSubstr("cannot be captured"), HasSubstr("random, stateful"),
                             HasSubstr("draws random numbers"), HasSubstr("op 'r' draws")));
}

TEST(Advise, ARefusedShapeAmongOthersIsServedEagerly) {
  const Advice advice = advise(trace_of({line(320), refused(64, Reason::kMismatch)}, {1000, 100}));
  EXPECT_EQ(advice.verdict, Verdict::kHelps);
  EXPECT_EQ(advice.cache.capacity, 1);
  EXPECT_EQ(advice.trace->always.captures, 1);
  EXPECT_EQ(advice.trace->always.eager, 100);
}

TEST(Advise, EveryReasonOfARefusalHasAMeaningOfItsOwn) {
  std::set<std::string_view> meanings;
  for (const Reason reason :
       {Reason::kStateful, Reason::kRandom, Reason::kDataDependentShape, Reason::kAliasedIo,
        Reason::kOverBudget, Reason::kMismatch, Reason::kOutOfMemory, Reason::kNoFreeProfile,
        Reason::kReplayFailed, Reason::kCaptureFailed}) {
    meanings.insert(meaning(reason));
  }
  EXPECT_THAT(meanings, SizeIs(10));
}

TEST(Advise, AStaticModelIsToldThatItHasOneShape) {
  DoctorFigures figures = untraced({line(320, 1)});
  figures.dimensions.clear();
  const Advice advice = advise(figures);
  EXPECT_EQ(advice.verdict, Verdict::kDoesNotHelp);
  EXPECT_EQ(advice.cache.admission, Admission::always());
  EXPECT_THAT(
      words_of(figures),
      testing::AllOf(HasSubstr("it has one shape"), HasSubstr("1.000 of the time"),
                     HasSubstr("changing shapes, it does not have"), Not(HasSubstr("buckets"))));
  DoctorFigures faster = untraced({line(320)});
  faster.dimensions.clear();
  EXPECT_EQ(advise(faster).verdict, Verdict::kHelps);
  EXPECT_THAT(words_of(faster), testing::AllOf(HasSubstr("one capture serves every call"),
                                               HasSubstr("- capacity 1: the one shape that the "
                                                         "model has - max_bytes"),
                                               Not(HasSubstr("does not have"))));
}

TEST(Advise, WithoutATraceThereIsNeitherSimulationNorBucket) {
  const Advice advice = advise(untraced({line(320), line(480), line(640)}));
  EXPECT_FALSE(advice.trace.has_value());
  EXPECT_THAT(advice.buckets, IsEmpty());
  EXPECT_EQ(advice.cache.capacity, 3);
  EXPECT_EQ(advice.cache.max_bytes, 60 * kMiB);
  EXPECT_THAT(words_of(untraced({line(320), line(480)})),
              testing::AllOf(HasSubstr("chosen from the ranges"), HasSubstr("give --trace")));
}

TEST(Advise, TheBudgetKeepsWhatSavesMostPerByte) {
  DoctorFigures figures = trace_of({line(320), line(480), line(640)}, {1000, 200, 600});
  EXPECT_EQ(advise(figures).cache.capacity, 3);
  EXPECT_EQ(advise(figures).cache.left_out, 0U);
  figures.max_bytes = 45 * kMiB;
  const Advice advice = advise(figures);
  EXPECT_EQ(advice.cache.capacity, 2);
  EXPECT_EQ(advice.cache.max_bytes, 40 * kMiB);
  EXPECT_EQ(advice.cache.left_out, 1U);
  EXPECT_EQ(advice.cache.bytes_wanted, 60 * kMiB);
  EXPECT_TRUE(advice.cache.use);
  EXPECT_THAT(words_of(figures), HasSubstr("leaves out 1 shape that would pay: with 60 MB"));
}

TEST(Advise, ABudgetBelowOneGraphIsTold) {
  DoctorFigures figures = trace_of({line(320)}, {1000});
  figures.max_bytes = kMiB;
  const Advice advice = advise(figures);
  EXPECT_EQ(advice.verdict, Verdict::kDoesNotHelp);
  EXPECT_EQ(advice.cache.capacity, 0);
  EXPECT_EQ(advice.cache.left_out, 1U);
  EXPECT_THAT(words_of(figures), HasSubstr("takes none of the 1 shape that would pay"));
}

TEST(Advise, OfAdmissionsTheOneThatIsFasterIsChosen) {
  // Few shapes, many calls: to wait costs. Many shapes of one call: to capture costs.
  EXPECT_EQ(advise(trace_of({line(320)}, {20})).cache.admission, Admission::always());
  std::vector<ShapeFigures> shapes = {line(320)};
  std::vector<std::int64_t> counts = {400};
  for (std::int64_t i = 0; i < 100; ++i) {
    shapes.push_back(line(400 + i));
    counts.push_back(1);
  }
  const Advice advice = advise(trace_of(shapes, counts));
  EXPECT_EQ(advice.cache.admission, Admission::pays_back());
  EXPECT_LT(advice.trace->pays_back.seconds, advice.trace->always.seconds);
}

TEST(Advise, AlwaysAndPaysBackHaveRoomForAllAndTheRecommendationForWhatPays) {
  const DoctorFigures figures = trace_of({line(320), line(480), line(640)}, {4000, 4000, 2});
  const Advice advice = advise(figures);
  EXPECT_EQ(advice.cache.capacity, 2);
  EXPECT_EQ(advice.trace->always.captures, 3);
  EXPECT_EQ(advice.trace->always.evictions, 0);
  EXPECT_EQ(advice.trace->pays_back.captures, 2);
  EXPECT_THAT(words_of(figures), testing::AllOf(HasSubstr("with room for 3 shapes."),
                                                HasSubstr("as recommended below")));
  DoctorFigures tight = figures;
  tight.max_bytes = 45 * kMiB;
  EXPECT_GT(advise(tight).trace->always.evictions, 0);
  EXPECT_THAT(words_of(tight), HasSubstr("within 45 MB"));
}

TEST(Advise, WhereToWaitCostsMoreThanARareCaptureThereIsRoomForAll) {
  // To wait for what the captures cost takes a good part of so short a trace.
  const DoctorFigures figures = trace_of({line(320), line(480), line(640)}, {60, 60, 6});
  const Advice advice = advise(figures);
  EXPECT_FALSE(advice.shapes[2].pays);
  EXPECT_EQ(advice.cache.admission, Admission::always());
  EXPECT_EQ(advice.cache.capacity, 3);
  EXPECT_EQ(advice.cache.max_bytes, 60 * kMiB);
  EXPECT_EQ(advice.trace->lru.seconds, advice.trace->always.seconds);
  EXPECT_THAT(words_of(figures), HasSubstr("capacity 3: room for every shape"));
}

TEST(Advise, CostAwareEvictionIsChosenWhereItSavesMore) {
  // A cycle that does not fit: age gives up every graph just before it comes again.
  DoctorFigures cycle = trace_of({line(320), line(330), line(340)}, {400, 400, 400});
  cycle.max_bytes = 45 * kMiB;
  const Advice advice = advise(cycle);
  EXPECT_EQ(advice.cache.eviction == Eviction::kCostAware,
            advice.trace->cost_aware.seconds < 0.99 * advice.trace->lru.seconds);
  EXPECT_LE(advice.trace->cost_aware.seconds, advice.trace->lru.seconds);
  const Advice roomy = advise(trace_of({line(320), line(330)}, {400, 400}));
  EXPECT_EQ(roomy.cache.eviction, Eviction::kLeastRecentlyUsed);
  EXPECT_EQ(roomy.trace->lru.evictions, 0);
  EXPECT_THAT(words_of(trace_of({line(320)}, {400})), HasSubstr("nothing is evicted"));
}

TEST(Advise, ShapesThatWereNotMeasuredAreEstimatedByTheirElements) {
  ShapeFigures unmeasured = line(400);
  unmeasured.eager.clear();
  unmeasured.replay.clear();
  const Advice advice = advise(trace_of({line(320), unmeasured, line(480)}, {10, 5, 10}));
  EXPECT_TRUE(advice.shapes[1].estimated);
  EXPECT_NEAR(advice.shapes[1].cost.eager, 0.04, 1e-9);
  EXPECT_NEAR(advice.shapes[1].cost.replay, 0.032, 1e-9);
  EXPECT_EQ(advice.shapes[1].cost.bytes, 20 * kMiB);
  EXPECT_EQ(advice.measured_calls, 20U);
}

TEST(DoctorJson, HasTheFigures) {
  DoctorFacts facts;
  facts.model = "m.onnx";
  facts.seconds = 7;
  const DoctorFigures figures =
      trace_of({line(320), refused(64, Reason::kMismatch, "0.5")}, {1000, 10});
  const auto json = nlohmann::json::parse(doctor_json(facts, figures, advise(figures)));
  EXPECT_EQ(json["verdict"], "helps");
  EXPECT_NEAR(json["ratio"]["median"].get<double>(), 0.8, 1e-9);
  EXPECT_EQ(json["seconds"], 7);
  EXPECT_EQ(json["max_bytes"], nullptr);
  EXPECT_EQ(json["shapes"][0]["eager"]["calls"], 5);
  EXPECT_EQ(json["shapes"][1]["replay"], nullptr);
  EXPECT_EQ(json["shapes"][1]["replay_s"], nullptr);
  EXPECT_EQ(json["refusals"][0]["reason"], "mismatch");
  EXPECT_EQ(json["refusals"][0]["message"], "0.5");
  EXPECT_EQ(json["trace"]["calls"], 1010);
  EXPECT_EQ(json["cache"]["capacity"], 1);
  EXPECT_EQ(json["words"], doctor_text(facts, figures, advise(figures)));
}

}  // namespace
}  // namespace replayrt::cli
