#include "text_boxes.hpp"

#include <gmock/gmock.h>

#include <opencv2/imgproc.hpp>

namespace ocr {
namespace {

using testing::ElementsAre;

cv::Mat map_with(std::initializer_list<cv::Rect> texts, float probability = 0.9F) {
  cv::Mat map = cv::Mat::zeros(160, 320, CV_32F);
  for (const cv::Rect& text : texts) {
    map(text).setTo(probability);
  }
  return map;
}

Quad box_at(float x, float y) {
  return {cv::Point2f{x, y}, {x + 50, y}, {x + 50, y + 10}, {x, y + 10}};
}

TEST(FindTextBoxes, GrowsARegionByAreaOverCircumference) {
  const auto boxes = find_text_boxes(map_with({{100, 60, 80, 20}}), {320, 160});
  ASSERT_EQ(boxes.size(), 1U);
  // 81 x 21 pixels between outer pixel centres after dilation: 80 x 20 -> 80 * 20 * 1.6 / 200
  // = 12.8.
  EXPECT_NEAR(boxes[0][0].x, 100 - 12.8, 1.5);
  EXPECT_NEAR(boxes[0][0].y, 60 - 12.8, 1.5);
  EXPECT_NEAR(boxes[0][2].x, 180 + 12.8, 1.5);
  EXPECT_NEAR(boxes[0][2].y, 80 + 12.8, 1.5);
}

TEST(FindTextBoxes, ScalesToThePicture) {
  const cv::Mat map = map_with({{100, 60, 80, 20}});
  const auto same = find_text_boxes(map, {320, 160});
  const auto twice = find_text_boxes(map, {640, 480});
  ASSERT_EQ(twice.size(), 1U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(twice[0][i].x, same[0][i].x * 2, 1.0);
    EXPECT_NEAR(twice[0][i].y, same[0][i].y * 3, 1.5);
  }
}

TEST(FindTextBoxes, CutsAtTheEdgesOfThePicture) {
  const auto boxes = find_text_boxes(map_with({{0, 0, 320, 30}}), {320, 160});
  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_EQ(boxes[0][0], cv::Point2f(0, 0));
  EXPECT_EQ(boxes[0][1], cv::Point2f(319, 0));
}

TEST(FindTextBoxes, DropsWhatIsWeakTinyOrAbsent) {
  EXPECT_TRUE(find_text_boxes(map_with({}), {320, 160}).empty());
  EXPECT_TRUE(find_text_boxes(map_with({{100, 60, 80, 20}}, 0.4F), {320, 160}).empty())
      << "above the pixel threshold, below the box threshold";
  EXPECT_TRUE(find_text_boxes(map_with({{100, 60, 80, 20}}, 0.3F), {320, 160}).empty())
      << "the pixel threshold itself is no text";
  EXPECT_TRUE(find_text_boxes(map_with({{100, 60, 1, 1}}), {320, 160}).empty());
}

TEST(FindTextBoxes, LooksAtNoMoreRegionsThanAsked) {
  const cv::Mat map = map_with({{20, 20, 60, 16}, {20, 100, 60, 16}, {200, 60, 60, 16}});
  EXPECT_EQ(find_text_boxes(map, {320, 160}).size(), 3U);
  EXPECT_EQ(find_text_boxes(map, {320, 160}, {.max_regions = 2}).size(), 2U);
}

TEST(FindTextBoxes, FollowsSlantedText) {
  cv::Mat map = cv::Mat::zeros(160, 320, CV_32F);
  const std::vector<cv::Point> slanted{{60, 100}, {200, 60}, {206, 80}, {66, 120}};
  cv::fillPoly(map, slanted, cv::Scalar(0.9));
  const auto boxes = find_text_boxes(map, {320, 160});
  ASSERT_EQ(boxes.size(), 1U);
  const cv::Point2f top = boxes[0][1] - boxes[0][0];
  EXPECT_NEAR(top.y / top.x, -40.0 / 140.0, 0.03);
}

TEST(SortBoxes, ReadsFromTopToBottomAndFromLeftToRight) {
  std::vector<Quad> boxes{box_at(200, 104), box_at(10, 50), box_at(10, 100), box_at(90, 109)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes,
              ElementsAre(box_at(10, 50), box_at(10, 100), box_at(90, 109), box_at(200, 104)));
}

TEST(SortBoxes, StartsANewLineTenPixelsLower) {
  std::vector<Quad> boxes{box_at(200, 100), box_at(10, 110)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes, ElementsAre(box_at(200, 100), box_at(10, 110)));
  boxes = {box_at(200, 100), box_at(10, 109)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes, ElementsAre(box_at(10, 109), box_at(200, 100)));
}

TEST(SortBoxes, ComparesNeighboursOnly) {
  // Each starts less than ten pixels below the one before: one slanted line, read from the left.
  std::vector<Quad> boxes{box_at(300, 100), box_at(200, 109), box_at(100, 118), box_at(0, 127)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes,
              ElementsAre(box_at(0, 127), box_at(100, 118), box_at(200, 109), box_at(300, 100)));
}

TEST(SortBoxes, TakesNoneAndOne) {
  std::vector<Quad> boxes;
  sort_boxes(boxes);
  EXPECT_TRUE(boxes.empty());
  boxes = {box_at(1, 2)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes, ElementsAre(box_at(1, 2)));
}

TEST(Clockwise, StartsAtTheTopLeft) {
  const Quad expected{cv::Point2f{1, 2}, {9, 1}, {10, 6}, {2, 7}};
  Quad corners = expected;
  for (int turn = 0; turn < 4; ++turn) {
    std::rotate(corners.begin(), corners.begin() + 1, corners.end());
    EXPECT_EQ(clockwise(corners), expected);
    EXPECT_EQ(clockwise({corners[3], corners[2], corners[1], corners[0]}), expected);
  }
}

}  // namespace
}  // namespace ocr
