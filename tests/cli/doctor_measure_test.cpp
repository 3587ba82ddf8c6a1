#include "doctor_measure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "error.hpp"
#include "fakes/fake_engine.hpp"

namespace replayrt::cli {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

CheckedCalls calls_of(const Engine& engine, const std::vector<std::int64_t>& rows) {
  std::vector<RequestedCall> calls;
  for (const std::int64_t row : rows) {
    calls.push_back({"test", {{"", Shape{row, 2}}}});
  }
  return check_calls(engine, calls, InputsHeld::kOne);
}

/// No time but for the fewest pairs.
MeasurePlan quick() {
  MeasurePlan plan;
  plan.seconds = 1e-9;
  return plan;
}

TEST(Measure, TakesPairsOfEagerCallsAndReplays) {
  fakes::FakeOptions options;
  options.bytes_of = [](const InputSignature&) { return 1234; };
  const auto counters = options.counters;
  const Engine engine = fakes::make_fake_engine(std::move(options));
  const DoctorFigures figures = measure(engine, calls_of(engine, {3, 3}), quick());
  ASSERT_THAT(figures.shapes, SizeIs(1));
  const ShapeFigures& shape = figures.shapes[0];
  EXPECT_THAT(shape.eager, SizeIs(kFewestPairs));
  EXPECT_THAT(shape.replay, SizeIs(kFewestPairs));
  EXPECT_THAT(shape.eager, Each(testing::Gt(0)));
  EXPECT_GT(shape.capture, 0);
  EXPECT_EQ(shape.bytes, 1234);
  EXPECT_EQ(shape.name, "3x2");
  EXPECT_THAT(shape.shapes, ElementsAre(Shape{3, 2}));
  EXPECT_EQ(shape.refusal, std::nullopt);
  EXPECT_THAT(figures.calls, ElementsAre(0, 0));
  EXPECT_EQ(counters->captures, 1);
}

TEST(Measure, TheSeedDecidesTheInputs) {
  const auto first_answer = [](std::uint64_t seed) {
    std::vector<float> first;
    fakes::FakeOptions options;
    options.on_answer = [&first](bool, std::span<float> answer) {
      if (first.empty()) {
        first.assign(answer.begin(), answer.end());
      }
    };
    const Engine engine = fakes::make_fake_engine(std::move(options));
    MeasurePlan plan = quick();
    plan.seed = seed;
    static_cast<void>(measure(engine, calls_of(engine, {3}), plan));
    return first;
  };
  EXPECT_FALSE(first_answer(1).empty());
  EXPECT_EQ(first_answer(1), first_answer(1));
  EXPECT_NE(first_answer(1), first_answer(2));
}

TEST(Measure, TheMostFrequentComeFirstAndTheTimeBoundsThem) {
  const Engine engine = fakes::make_fake_engine();
  const DoctorFigures few = measure(engine, calls_of(engine, {1, 2, 3, 2}), quick());
  EXPECT_FALSE(few.shapes[0].measured());
  EXPECT_TRUE(few.shapes[1].measured());
  EXPECT_FALSE(few.shapes[2].measured());
  MeasurePlan plan = quick();
  plan.seconds = 60;  // Not taken: every shape has the most pairs long before.
  plan.most_shapes = 2;
  const DoctorFigures two = measure(engine, calls_of(engine, {1, 2, 3, 2}), plan);
  EXPECT_THAT(two.shapes[0].eager, SizeIs(kMostPairs));
  EXPECT_TRUE(two.shapes[1].measured());
  EXPECT_FALSE(two.shapes[2].measured());
}

TEST(Measure, ARefusalIsToldAndTheEagerTimeMeasured) {
  fakes::FakeOptions options;
  options.on_capture = [](const InputSignature&) {
    throw CaptureRefused(Reason::kStateful, "keeps state");
  };
  const Engine engine = fakes::make_fake_engine(std::move(options));
  const DoctorFigures figures = measure(engine, calls_of(engine, {1}), quick());
  EXPECT_EQ(figures.shapes[0].refusal->reason, Reason::kStateful);
  EXPECT_THAT(figures.shapes[0].refusal->message, testing::HasSubstr("keeps state"));
  EXPECT_THAT(figures.shapes[0].eager, SizeIs(kFewestPairs));
  EXPECT_THAT(figures.shapes[0].replay, SizeIs(0));
  EXPECT_FALSE(figures.shapes[0].captured());
}

TEST(Measure, AGraphLargerThanTheBudgetIsARefusal) {
  fakes::FakeOptions options;
  options.bytes_of = [](const InputSignature&) { return 1000; };
  const Engine engine = fakes::make_fake_engine(std::move(options));
  MeasurePlan plan = quick();
  plan.max_bytes = 999;
  const DoctorFigures tight = measure(engine, calls_of(engine, {1}), plan);
  EXPECT_EQ(tight.shapes[0].refusal->reason, Reason::kOverBudget);
  EXPECT_EQ(tight.max_bytes, 999);
  plan.max_bytes = 1000;
  EXPECT_TRUE(measure(engine, calls_of(engine, {1}), plan).shapes[0].captured());
}

TEST(Measure, AReplayThatFailsIsARefusal) {
  fakes::FakeOptions options;
  const auto runs = std::make_shared<int>(0);
  options.on_run = [runs](bool captured) {
    if (captured && ++*runs > 3) {
      throw Error(ErrorCode::kModelRuntime, "no more");
    }
  };
  const Engine engine = fakes::make_fake_engine(std::move(options));
  MeasurePlan plan = quick();
  const DoctorFigures figures = measure(engine, calls_of(engine, {1}), plan);
  EXPECT_TRUE(figures.shapes[0].measured());
  EXPECT_FALSE(figures.shapes[0].captured());
}

TEST(Measure, AShapeThatDoesNotRunIsAnErrorUnlessItWasChosen) {
  fakes::FakeOptions options;
  const auto runs = std::make_shared<int>(0);
  options.on_run = [runs](bool) {
    if (++*runs == 1) {
      throw Error(ErrorCode::kModelRuntime, "not this one");
    }
  };
  const Engine engine = fakes::make_fake_engine(std::move(options));
  MeasurePlan plan = quick();
  EXPECT_THROW(measure(engine, calls_of(engine, {1, 2}), plan), Error);
  *runs = 0;
  plan.may_skip = true;
  const DoctorFigures figures = measure(engine, calls_of(engine, {1, 2}), plan);
  ASSERT_THAT(figures.shapes, SizeIs(1));
  EXPECT_EQ(figures.shapes[0].name, "2x2");
  EXPECT_THAT(figures.calls, ElementsAre(0));
}

std::vector<std::string> chosen(std::vector<TensorSpec> inputs) {
  fakes::FakeOptions options;
  options.inputs = std::move(inputs);
  std::vector<std::string> shapes;
  for (const RequestedCall& call : choose_shapes(fakes::make_fake_engine(std::move(options)))) {
    shapes.push_back(to_string(call.spec));
  }
  return shapes;
}

TensorSpec input(const std::string& name, std::vector<DimensionRange> dims) {
  return {name, DType::kF32, std::move(dims)};
}

const DimensionRange kAny{};

TEST(ChooseShapes, OfPicturesAreOfPlausibleSizes) {
  const auto fixed = [](std::int64_t extent) { return DimensionRange::fixed(extent); };
  EXPECT_THAT(chosen({input("x", {kAny, fixed(3), fixed(48), kAny})}),
              ElementsAre("1x3x48x320", "1x3x48x480", "1x3x48x640", "2x3x48x320"));
  EXPECT_THAT(chosen({input("x", {fixed(1), fixed(3), kAny, kAny})}),
              ElementsAre("1x3x320x320", "1x3x640x480", "1x3x480x640", "1x3x640x640"));
  EXPECT_THAT(chosen({input("x", {fixed(1), kAny, kAny, fixed(3)})}),
              ElementsAre("1x320x320x3", "1x640x480x3", "1x480x640x3", "1x640x640x3"));
}

TEST(ChooseShapes, KeepToTheRangesAndWhatTheEngineWasTunedFor) {
  EXPECT_THAT(chosen({input("x", {DimensionRange::fixed(2), DimensionRange::fixed(8)})}),
              ElementsAre("2x8"));
  EXPECT_THAT(chosen({input("x", {kAny, DimensionRange::fixed(8)})}),
              ElementsAre("1x8", "2x8", "4x8", "8x8", "16x8"));
  EXPECT_THAT(chosen({input("x", {DimensionRange{2, 4, {}}, DimensionRange::fixed(8)})}),
              ElementsAre("2x8", "4x8"));
  EXPECT_THAT(chosen({input("x", {DimensionRange{1, 9, 5}, DimensionRange::fixed(8)})}),
              ElementsAre("5x8", "1x8", "9x8", "3x8", "7x8"));
}

TEST(ChooseShapes, NameSeveralInputsWithEqualExtents) {
  const std::vector<std::string> shapes =
      chosen({input("ids", {kAny, kAny}), input("mask", {kAny, kAny})});
  ASSERT_FALSE(shapes.empty());
  EXPECT_EQ(shapes[0], "ids:1x32;mask:1x32");
}

TEST(ChooseShapes, WantARank) {
  EXPECT_THROW(chosen({input("a", {kAny}), {"x", DType::kF32, std::nullopt}}), UsageError);
}

TEST(DynamicDimensions, AreThoseThatMayVary) {
  fakes::FakeOptions options;
  options.inputs = {input("a", {kAny, DimensionRange::fixed(3)}),
                    input("b", {DimensionRange::fixed(3), DimensionRange{1, 2, {}}})};
  EXPECT_THAT(dynamic_dimensions(fakes::make_fake_engine(std::move(options))),
              ElementsAre(DynamicDimension{0, 0, "a"}, DynamicDimension{1, 1, "b"}));
}

}  // namespace
}  // namespace replayrt::cli
