#include "draw.hpp"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <vector>

namespace ocr {
namespace {

int dark_pixels(const cv::Mat& picture) {
  cv::Mat dark;
  cv::inRange(picture, cv::Scalar::all(0), cv::Scalar::all(80), dark);
  return cv::countNonZero(dark);
}

TEST(DrawLines, PutsThePictureLeftAndTheTextRight) {
  const cv::Mat picture(400, 1000, CV_8UC3, cv::Scalar::all(255));
  const std::vector<TextLine> lines{
      {{cv::Point2f{100, 100}, {600, 100}, {600, 160}, {100, 160}}, "Text", 0.9}};
  const cv::Mat drawing = draw_lines(picture, lines);
  ASSERT_EQ(drawing.size(), cv::Size(2000, 400));
  EXPECT_NE(drawing.at<cv::Vec3b>(130, 300), cv::Vec3b(255, 255, 255)) << "the box is tinted";
  EXPECT_EQ(drawing.at<cv::Vec3b>(300, 300), cv::Vec3b(255, 255, 255)) << "the rest is not";
  EXPECT_GT(dark_pixels(drawing(cv::Rect(1100, 100, 500, 60))), 100) << "text in its box";
  EXPECT_EQ(dark_pixels(drawing(cv::Rect(1000, 200, 1000, 200))), 0);
}

TEST(DrawLines, TakesPicturesWithoutTextAndTextThatItsFontLacks) {
  const cv::Mat picture(50, 60, CV_8UC3, cv::Scalar::all(255));
  EXPECT_EQ(draw_lines(picture, {}).size(), cv::Size(2 * 3 * 60, 3 * 50))
      << "small pictures are enlarged";
  const std::vector<TextLine> lines{
      {{cv::Point2f{1, 1}, {50, 1}, {50, 40}, {1, 40}}, "“汉字” \xE6", 0.9},
      {{cv::Point2f{1, 1}, {1, 1}, {1, 1}, {1, 1}}, "", 0.9}};
  EXPECT_GT(dark_pixels(draw_lines(picture, lines)), 0);
}

}  // namespace
}  // namespace ocr
