#include "models/postprocess/key_points.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

using Numbers = std::vector<float>;

HeadOutput output_of(const Numbers& values, const Shape& shape, std::string name = "output0") {
  return {Tensor::copy_of(view_of(std::span<const float>(values), shape)), std::move(name)};
}

/// Two classes: with two key points and with one.
const std::vector<KeyPointsOfClass> kClasses = {{.names = {"a", "b"}, .edges = {{0, 1}}},
                                                {.names = {"c"}, .edges = {}}};

KeyPointSettings points(float threshold = 0) {
  return {.classes = kClasses, .threshold = threshold};
}

DetectionSettings settings(float threshold = 0.4F) {
  return {.threshold = Threshold(threshold), .iou_threshold = 0.3F, .max_detections = 300};
}

/// A picture of 200 x 100 pixels, cut at (10, 20), halved, with a border of 4 and 8 pixels.
PreProcessingMetadata metadata() {
  PreProcessingMetadata metadata;
  metadata.pad_left = 4;
  metadata.pad_top = 8;
  metadata.original_size = {100, 200};
  metadata.inference_size = {50, 100};
  metadata.scale_width = 0.5;
  metadata.scale_height = 0.5;
  metadata.static_crop_offset.offset_x = 10;
  metadata.static_crop_offset.offset_y = 20;
  return metadata;
}

void expect_point(const KeyPoint& found, std::int32_t x, std::int32_t y, float confidence) {
  EXPECT_EQ(found.x, x);
  EXPECT_EQ(found.y, y);
  EXPECT_FLOAT_EQ(found.confidence, confidence);
}

/// Middle, size, two scores, two places.
const Numbers kFirst = {30, 30, 10, 10, 0.9F, 0.1F, 14, 18, 0.75F, 24.25F, -4, 0.25F};
const Numbers kSecond = {60, 30, 10, 10, 0.2F, 0.6F, 5, 9, 0.5F, 1, 2, 1};

HeadOutput channels_of(const std::vector<Numbers>& rows) {
  Numbers values;
  for (std::size_t channel = 0; channel < rows.front().size(); ++channel) {
    for (const Numbers& row : rows) {
      values.push_back(row[channel]);
    }
  }
  return output_of(values, Shape{1, static_cast<std::int64_t>(rows.front().size()),
                                 static_cast<std::int64_t>(rows.size())});
}

KeyPointDetections of_channels(const std::vector<Numbers>& rows,
                               const KeyPointSettings& wanted = points()) {
  return key_points_channels_first(channels_of(rows), 0, settings(), wanted, metadata());
}

TEST(KeyPointsChannelsFirstTest, PointsLieInTheImageThatWasGiven) {
  const KeyPointDetections found = of_channels({kFirst, kSecond});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found.class_id, testing::ElementsAre(0, 1));
  EXPECT_THAT(found.xyxy[0], testing::ElementsAre(52, 54, 72, 74));
  ASSERT_EQ(found.key_points.size(), 2U);
  ASSERT_EQ(found.key_points[0].size(), 2U);
  expect_point(found.key_points[0][0], 30, 40, 0.75F);
  // Halves to even, and not cut to the image.
  expect_point(found.key_points[0][1], 50, -4, 0.25F);
  EXPECT_FALSE(found.covariance.has_value());
  // As many as the object's class has.
  ASSERT_EQ(found.key_points[1].size(), 1U);
  expect_point(found.key_points[1][0], 12, 22, 0.5F);
}

TEST(KeyPointsChannelsFirstTest, PointsOfWhatIsSuppressedAreNotMixedIn) {
  Numbers weaker = kFirst;
  weaker[4] = 0.8F;
  weaker[6] = 99;
  const KeyPointDetections found = of_channels({kSecond, weaker, kFirst});
  ASSERT_EQ(found.size(), 2U);
  expect_point(found.key_points[0][0], 30, 40, 0.75F);
  expect_point(found.key_points[1][0], 12, 22, 0.5F);
}

TEST(KeyPointsChannelsFirstTest, TheThresholdDecidesWhatIsFound) {
  const KeyPointDetections found = of_channels({kFirst}, points(0.25F));
  expect_point(found.key_points[0][0], 30, 40, 0.75F);
  expect_point(found.key_points[0][1], 0, 0, 0);
  KeyPointSettings as_reference = points(0.25F);
  as_reference.at_threshold = true;
  expect_point(of_channels({kFirst}, as_reference).key_points[0][1], 50, -4, 0.25F);
  expect_point(of_channels({kFirst}, points(0.75F)).key_points[0][0], 0, 0, 0);
}

TEST(KeyPointsChannelsFirstTest, PointsThatAreNoNumbersWereNotFound) {
  for (const std::size_t place : {6, 7, 8}) {
    Numbers row = kFirst;
    row[place] = NAN;
    expect_point(of_channels({row}).key_points[0][0], 0, 0, 0);
  }
  Numbers far = kFirst;
  far[6] = INFINITY;
  far[7] = -1e30F;
  expect_point(of_channels({far}).key_points[0][0], 2147483520, -2147483520, 0.75F);
}

TEST(KeyPointsChannelsFirstTest, TheShapeMustBeTheLayouts) {
  const HeadOutput output = output_of(Numbers(11), Shape{1, 11, 1}, "out");
  expect_error(ErrorCode::kCorruptedModel, {"'out'", "4 + 2 classes + 3 x 2 key points"}, [&] {
    (void)key_points_channels_first(output, 0, settings(), points(), metadata());
  });
}

TEST(KeyPointsOfFinalRowsTest, ThePointsOfEachRowAreRead) {
  const HeadOutput output =
      output_of({0, 0,    10, 10, 0.3F, 0, 1, 2,  0.9F, 3,    4, 0.9F, 24, 28,   34, 38, 0.5F, 1, 5,
                 9, 0.5F, 1,  2,  1,    0, 0, 10, 10,   0.4F, 0, 14,   18, 0.5F, 24, -4, 0.25F},
                Shape{1, 3, 12});
  const auto read = [&](AtThreshold at_threshold, std::int64_t most) {
    return key_points_of_final_rows(output, 0, Threshold(0.4F), at_threshold, most, points(),
                                    metadata());
  };
  const KeyPointDetections found = read(AtThreshold::kFails, 100);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found.xyxy[0], testing::ElementsAre(50, 60, 70, 80));
  ASSERT_EQ(found.key_points[0].size(), 1U);
  expect_point(found.key_points[0][0], 12, 22, 0.5F);
  const KeyPointDetections both = read(AtThreshold::kPasses, 100);
  ASSERT_EQ(both.key_points.size(), 2U);
  expect_point(both.key_points[1][1], 50, -4, 0.25F);
  EXPECT_EQ(read(AtThreshold::kPasses, 1).key_points.size(), 1U);
}

TEST(KeyPointsOfFinalRowsTest, AClassThatIsNotDescribedHasNoPoints) {
  const HeadOutput output =
      output_of({0, 0, 10, 10, 0.5F, 7, 1, 2, 0.9F, 3, 4, 0.9F}, Shape{1, 1, 12});
  const auto found = key_points_of_final_rows(output, 0, Threshold(0.4F), AtThreshold::kFails, 100,
                                              points(), metadata());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found.key_points[0].empty());
}

TEST(KeyPointsOfFinalRowsTest, TheShapeMustBeTheLayouts) {
  const HeadOutput output = output_of(Numbers(6), Shape{1, 1, 6}, "out");
  expect_error(ErrorCode::kCorruptedModel, {"'out'", "images x rows x 12"}, [&] {
    (void)key_points_of_final_rows(output, 0, Threshold(0), AtThreshold::kFails, 1, points(),
                                   metadata());
  });
}

/// RF-DETR's outputs for one query: three columns, the first of which is no class.
class KeyPointsOfQueriesTest : public testing::Test {
 protected:
  /// x, y and the logit of being found, for a precision of the identity.
  static void append(Numbers& values, float x, float y, float found) {
    const Numbers point = {x, y, found, 9, 0, 0, 0, 9};
    values.insert(values.end(), point.begin(), point.end());
  }

  KeyPointDetections decode(const DetectionSettings& wanted, float threshold = 0.3F,
                            const PreProcessingMetadata& way = metadata()) const {
    const HeadOutput boxes = output_of(boxes_, Shape{1, 2, 4}, "dets");
    const HeadOutput logits = output_of(logits_, Shape{1, 2, 3}, "labels");
    const HeadOutput gaussians = output_of(gaussians_, Shape{1, 2, 6, 8}, "keypoints");
    return key_points_of_queries({&boxes, &logits, &gaussians}, 0, {-1, 0, 1}, wanted,
                                 points(threshold), way);
  }

  void SetUp() override {
    for (int place = 0; place < 12; ++place) {
      append(gaussians_, 0.5F, 0.5F, -9);
    }
    set(0, 1, 0, {0.14F, 0.36F, 2});
    set(0, 1, 1, {1.5F, -1, 1});
    set(1, 2, 0, {0.1F, 0.5F, 0});
  }

  /// Changes the first numbers of a point.
  void set(std::size_t query, std::size_t column, std::size_t place, const Numbers& numbers) {
    std::copy(numbers.begin(), numbers.end(), at(query, column, place));
  }
  Numbers::iterator at(std::size_t query, std::size_t column, std::size_t place) {
    return gaussians_.begin() + static_cast<std::ptrdiff_t>(((query * 3 + column) * 2 + place) * 8);
  }

  Numbers boxes_ = {0.3F, 0.5F, 0.2F, 0.2F, 0.5F, 0.5F, 0.1F, 0.2F};
  Numbers logits_ = {9, 2, -9, 9, -9, 3};
  Numbers gaussians_;
};

float sigmoid(float logit) {
  return 1 / (1 + std::exp(-logit));
}

/// What a score counts whose points have this mean trace.
float fused(float logit, float trace) {
  const float raised = sigmoid(logit) * std::pow(trace, -0.2F);
  return raised / (1 + raised);
}

TEST_F(KeyPointsOfQueriesTest, EveryClassOfAQueryIsAnObject) {
  const KeyPointDetections found = decode(settings());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found.class_id, testing::ElementsAre(1, 0));
  EXPECT_NEAR(found.confidence[0], fused(3, 2), 1e-6);
  EXPECT_NEAR(found.confidence[1], fused(2, 2), 1e-6);
  EXPECT_THAT(found.xyxy[1], testing::ElementsAre(42, 44, 82, 64));
  ASSERT_EQ(found.key_points[0].size(), 1U);
  expect_point(found.key_points[0][0], 22, 54, 0.5F);
  ASSERT_EQ(found.key_points[1].size(), 2U);
  expect_point(found.key_points[1][0], 30, 40, sigmoid(2));
  expect_point(found.key_points[1][1], 200, 0, sigmoid(1));  // Cut to the image.
}

TEST_F(KeyPointsOfQueriesTest, SettingsDecideWhatStays) {
  EXPECT_EQ(decode(settings(0.01F)).size(), 2U);
  EXPECT_EQ(decode(settings(0)).size(), 4U);
  EXPECT_EQ(decode(settings(0.445F)).size(), 1U);
  DetectionSettings one = settings();
  one.max_detections = 1;
  EXPECT_THAT(decode(one).class_id, testing::ElementsAre(1));
  expect_point(decode(settings(), 0.6F).key_points[0][0], 0, 0, 0);
}

TEST_F(KeyPointsOfQueriesTest, SharpPointsRaiseTheConfidenceByHowLikelyTheyAreFound) {
  // Of L = [[e^2, 0], [3, e^1]].
  const float trace = std::exp(-4.0F) + std::exp(-2.0F) + 9 * std::exp(-6.0F);
  const Numbers sharp = {2, 3, 1};
  std::copy(sharp.begin(), sharp.end(), at(0, 1, 0) + 4);
  const float mean = (sigmoid(2) * trace + sigmoid(1) * 2) / (sigmoid(2) + sigmoid(1));
  const KeyPointDetections found = decode(settings());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found.class_id[0], 0);
  EXPECT_NEAR(found.confidence[0], fused(2, mean), 1e-6);
}

void expect_covariance(const Covariance& found, double xx, double xy, double yy) {
  const auto near = [](double value) {
    return testing::FloatNear(static_cast<float>(value),
                              static_cast<float>(1e-5 * std::abs(value)));
  };
  EXPECT_THAT(found, testing::ElementsAre(testing::ElementsAre(near(xx), near(xy)),
                                          testing::ElementsAre(near(xy), near(yy))));
}

/// All four of a covariance that is not known.
auto unknown() {
  return testing::Each(testing::Each(testing::IsNan()));
}

TEST_F(KeyPointsOfQueriesTest, CovariancesAreInPixelsOfTheImage) {
  // L = [[2, 0], [3, 4]], so that (L L^T)^-1 = [[25, -6], [-6, 4]] / 64.
  const Numbers precision = {std::log(2.0F), 3, std::log(4.0F)};
  std::copy(precision.begin(), precision.end(), at(0, 1, 0) + 4);
  const KeyPointDetections found = decode(settings());
  ASSERT_TRUE(found.covariance.has_value());
  ASSERT_EQ(found.covariance->size(), 2U);
  const std::size_t sharp = found.class_id[0] == 0 ? 0 : 1;
  // As many as key points. The canvas of 100 x 50 pixels is 200 x 100 ones of the image.
  ASSERT_EQ((*found.covariance)[sharp].size(), 2U);
  ASSERT_EQ((*found.covariance)[1 - sharp].size(), 1U);
  expect_covariance((*found.covariance)[sharp][0], 15625, -1875, 625);
  expect_covariance((*found.covariance)[sharp][1], 40000, 0, 10000);
  expect_covariance((*found.covariance)[1 - sharp][0], 40000, 0, 10000);

  PreProcessingMetadata squeezed = metadata();
  squeezed.scale_width = 0.25;
  squeezed.scale_height = 2;
  expect_covariance((*decode(settings(), 0.3F, squeezed).covariance)[sharp][0], 62500, -937.5,
                    39.0625);
  squeezed.nonsquare_intermediate_size = ImageSize{8, 16};  // What queries are parts of, then.
  expect_covariance((*decode(settings(), 0.3F, squeezed).covariance)[sharp][0], 1600, -24, 1);
}

TEST_F(KeyPointsOfQueriesTest, CovariancesThatAreNotKnownAreNan) {
  // Those of query 0 as class 0.
  const auto decoded = [&](const Numbers& precision, float threshold = 0.3F) {
    std::copy(precision.begin(), precision.end(), at(0, 1, 0) + 4);
    const KeyPointDetections found = decode(settings(0), threshold);
    std::vector<Covariance> covariance;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found.class_id[i] == 0 && found.xyxy[i][0] == 42) {
        covariance = found.covariance->at(i);
      }
    }
    covariance.resize(2);
    return covariance;
  };
  expect_covariance(decoded({0, 0, 0}, 0.8F)[0], 40000, 0, 10000);
  EXPECT_THAT(decoded({0, 0, 0}, 0.8F)[1], unknown());  // Not found.
  EXPECT_THAT(decoded({0, 0, INFINITY})[0], unknown());
  EXPECT_THAT(decoded({0, 0, -45})[0], unknown());  // Beyond f32.
  expect_covariance(decoded({0, 0, -45})[1], 40000, 0, 10000);
  // l22^2 is beyond f32, the covariance is not.
  expect_covariance(decoded({-30, 0, 60})[0], 40000 * std::exp(60.0), 0, 0);
}

TEST_F(KeyPointsOfQueriesTest, WithoutAnObjectThereIsNoCovariance) {
  const KeyPointDetections found = decode(settings(0.9F));
  EXPECT_TRUE(found.empty());
  EXPECT_THAT(found.covariance, testing::Optional(testing::IsEmpty()));
}

TEST_F(KeyPointsOfQueriesTest, WhatIsNoNumberIsLeftOut) {
  *(at(0, 1, 0) + 4) = NAN;
  EXPECT_THAT(decode(settings()).class_id, testing::ElementsAre(1));
  boxes_[4] = NAN;
  EXPECT_TRUE(decode(settings()).empty());
}

TEST_F(KeyPointsOfQueriesTest, TheShapesMustFit) {
  const HeadOutput boxes = output_of(boxes_, Shape{1, 2, 4}, "dets");
  const HeadOutput logits = output_of(logits_, Shape{1, 2, 3}, "labels");
  const auto refuse = [&](const Shape& shape) {
    const HeadOutput gaussians =
        output_of(Numbers(static_cast<std::size_t>(shape.num_elements())), shape, "keypoints");
    expect_error(ErrorCode::kCorruptedModel, {"'keypoints'", "3 classes x at least 2 key points"},
                 [&] {
                   (void)key_points_of_queries({&boxes, &logits, &gaussians}, 0, {-1, 0, 1},
                                               settings(), points(), metadata());
                 });
  };
  refuse(Shape{1, 2, 6, 6});
  refuse(Shape{1, 2, 3, 8});
  refuse(Shape{1, 2, 7, 8});
  refuse(Shape{1, 1, 6, 8});
}

}  // namespace
}  // namespace replayrt::models
