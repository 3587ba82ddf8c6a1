#include "models/postprocess/classify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

HeadOutput output(const std::vector<float>& values, const Shape& shape) {
  return {Tensor::copy_of(view_of(std::span<const float>(values), shape)), "scores"};
}

TEST(ClassifyTest, SoftmaxUnlessTheNetworkHasDoneIt) {
  const HeadOutput scores = output({0, 0, std::log(3.0F), 0, 1, 0}, Shape{2, 3});
  const ClassificationPrediction first = classify(scores, 0, false);
  EXPECT_EQ(first.class_id, 2);
  EXPECT_THAT(first.confidence, testing::Pointwise(testing::FloatEq(), {0.2F, 0.2F, 0.6F}));
  const ClassificationPrediction second = classify(scores, 1, true);
  EXPECT_EQ(second.class_id, 1);
  EXPECT_THAT(second.confidence, testing::ElementsAre(0, 1, 0));
}

TEST(ClassifyTest, LargeScoresDoNotOverflow) {
  const ClassificationPrediction found = classify(output({1000, 0}, Shape{1, 2}), 0, false);
  EXPECT_THAT(found.confidence, testing::ElementsAre(1, 0));
}

TEST(ClassifyTest, OfEqualScoresTheFirstCounts) {
  EXPECT_EQ(classify(output({1, 2, 2}, Shape{1, 3}), 0, true).class_id, 1);
}

TEST(ClassifyTest, EveryLabelThatPassesIsGiven) {
  const HeadOutput scores = output({0, 2, -2, 0.5F}, Shape{1, 4});
  const auto labels = classify_multi_label(scores, 0, false, Threshold(0.5F), false);
  EXPECT_THAT(labels.class_ids, testing::ElementsAre(1, 3));
  EXPECT_EQ(labels.confidence[0], 0.5F);
  EXPECT_THAT(classify_multi_label(scores, 0, false, Threshold(0.5F), true).class_ids,
              testing::ElementsAre(0, 1, 3));
  EXPECT_THAT(classify_multi_label(scores, 0, true, Threshold(0.5F), false).class_ids,
              testing::ElementsAre(1));
  const Threshold per_class({0, 1, 0, 1}, 0.4F);
  EXPECT_THAT(classify_multi_label(scores, 0, false, per_class, false).class_ids,
              testing::ElementsAre(0, 2));
}

TEST(ClassifyTest, OtherShapesAreErrors) {
  expect_error(ErrorCode::kCorruptedModel, {"'scores'", "1x2x1", "images x classes"}, [] {
    classify(output({1, 2}, Shape{1, 2, 1}), 0, true);
  });
  expect_error(ErrorCode::kCorruptedModel, {"'scores'", "1x0"}, [] {
    classify(output({}, Shape{1, 0}), 0, true);
  });
}

}  // namespace
}  // namespace replayrt::models
