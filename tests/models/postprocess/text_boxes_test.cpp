#include "models/postprocess/text_boxes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

namespace replayrt::models {
namespace {

constexpr ImageSize kMap{160, 320};
using Corner = std::array<std::int32_t, 2>;

cv::Mat map_with(std::initializer_list<cv::Rect> texts, float probability = 0.9F) {
  cv::Mat map = cv::Mat::zeros(160, 320, CV_32F);
  for (const cv::Rect& text : texts) {
    map(text).setTo(probability);
  }
  return map;
}

TextDetectionConfig config() {
  TextDetectionConfig config;
  config.box_thresh = 0.5;
  config.unclip_ratio = 1.6;
  return config;
}

std::vector<TextBox> find(const cv::Mat& map, ImageSize picture = kMap,
                          const TextDetectionConfig& settings = config()) {
  return find_text_boxes({map.ptr<float>(), map.total()}, kMap, picture, settings);
}

TEST(TextBoxesTest, RegionsGrowByAreaOverCircumference) {
  const auto boxes = find(map_with({{100, 60, 80, 20}}));
  ASSERT_EQ(boxes.size(), 1U);
  // 79 x 19 between the middles of outer pixels: 79 * 19 * 1.6 / 196 = 12.25.
  EXPECT_NEAR(boxes[0].corners[0][0], 100 - 12.25, 1);
  EXPECT_NEAR(boxes[0].corners[0][1], 60 - 12.25, 1);
  EXPECT_NEAR(boxes[0].corners[2][0], 179 + 12.25, 1);
  EXPECT_NEAR(boxes[0].corners[2][1], 79 + 12.25, 1);
  EXPECT_NEAR(boxes[0].score, 0.9, 1e-6);
}

TEST(TextBoxesTest, CornersAreClockwiseFromTheTopLeft) {
  const auto [corners, score] = find(map_with({{100, 60, 80, 20}})).at(0);
  EXPECT_LT(corners[0][0], corners[1][0]);
  EXPECT_LT(corners[1][1], corners[2][1]);
  EXPECT_GT(corners[2][0], corners[3][0]);
  EXPECT_GT(corners[3][1], corners[0][1]);
}

TEST(TextBoxesTest, AreScaledToThePicture) {
  const cv::Mat map = map_with({{100, 60, 80, 20}});
  const auto same = find(map);
  const auto larger = find(map, {480, 640});
  ASSERT_EQ(larger.size(), 1U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(larger[0].corners[i][0], same[0].corners[i][0] * 2, 2);
    EXPECT_NEAR(larger[0].corners[i][1], same[0].corners[i][1] * 3, 3);
  }
}

TEST(TextBoxesTest, AreCutAtTheEdgesOfThePicture) {
  const auto boxes = find(map_with({{0, 0, 320, 30}}));
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_EQ(boxes[0].corners[0], (Corner{0, 0}));
  EXPECT_EQ(boxes[0].corners[1], (Corner{320, 0}));
}

TEST(TextBoxesTest, WhatIsWeakTinyOrAbsentIsDropped) {
  EXPECT_TRUE(find(map_with({})).empty());
  EXPECT_TRUE(find(map_with({{100, 60, 80, 20}}, 0.4F)).empty())
      << "above the pixel threshold, below the box threshold";
  EXPECT_TRUE(find(map_with({{100, 60, 80, 20}}, 0.3F)).empty())
      << "the pixel threshold itself is no text";
  EXPECT_TRUE(find(map_with({{100, 60, 3, 3}})).empty()) << "two pixels between their middles";
  EXPECT_EQ(find(map_with({{100, 60, 20, 20}})).size(), 1U);
  EXPECT_TRUE(find(map_with({{100, 60, 20, 20}}), {4, 8}).empty()) << "less than a pixel there";
}

TEST(TextBoxesTest, EachSettingCounts) {
  const cv::Mat weak = map_with({{100, 60, 80, 20}}, 0.4F);
  TextDetectionConfig settings = config();
  settings.box_thresh = 0.3;
  EXPECT_EQ(find(weak, kMap, settings).size(), 1U);
  settings.thresh = 0.45;
  EXPECT_TRUE(find(weak, kMap, settings).empty());

  const cv::Mat three = map_with({{20, 20, 60, 16}, {20, 100, 60, 16}, {200, 60, 60, 16}});
  settings = config();
  EXPECT_EQ(find(three, kMap, settings).size(), 3U);
  settings.max_candidates = 2;
  EXPECT_EQ(find(three, kMap, settings).size(), 2U);

  const auto width = [&](double ratio) {
    settings = config();
    settings.unclip_ratio = ratio;
    const TextBox box = find(map_with({{100, 60, 80, 20}}), kMap, settings).at(0);
    return box.corners[1][0] - box.corners[0][0];
  };
  EXPECT_GT(width(2), width(1) + 10);
}

TEST(TextBoxesTest, DilationJoinsWhatIsOnePixelApart) {
  const cv::Mat two = map_with({{100, 60, 30, 20}, {131, 60, 30, 20}});
  TextDetectionConfig settings = config();
  EXPECT_EQ(find(two, kMap, settings).size(), 2U);
  settings.use_dilation = true;
  EXPECT_EQ(find(two, kMap, settings).size(), 1U);
}

TEST(TextBoxesTest, FollowSlantedText) {
  cv::Mat map = cv::Mat::zeros(160, 320, CV_32F);
  const std::vector<cv::Point> slanted{{60, 100}, {200, 60}, {206, 80}, {66, 120}};
  cv::fillPoly(map, slanted, cv::Scalar(0.9));
  const auto boxes = find(map);
  ASSERT_EQ(boxes.size(), 1U);
  const auto& corners = boxes[0].corners;
  EXPECT_NEAR(static_cast<double>(corners[1][1] - corners[0][1]) / (corners[1][0] - corners[0][0]),
              -40.0 / 140.0, 0.03);
}

TEST(TextBoxesTest, OddValuesAreNoText) {
  cv::Mat map = map_with({{100, 60, 80, 20}});
  map(cv::Rect(10, 10, 40, 20)).setTo(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(find(map).size(), 1U);
  map.setTo(std::numeric_limits<float>::infinity());
  EXPECT_EQ(find(map).size(), 1U) << "all of it";
}

}  // namespace
}  // namespace replayrt::models
