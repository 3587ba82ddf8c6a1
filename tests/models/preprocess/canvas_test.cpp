#include "models/preprocess/canvas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>

namespace replayrt::models {
namespace {

cv::Mat noise(int rows, int columns) {
  cv::Mat picture(rows, columns, CV_8UC3);
  cv::RNG random(7);
  random.fill(picture, cv::RNG::UNIFORM, 0, 256);
  return picture;
}

/// One axis of the resize as section 3.4 of the reference's behaviour gives it.
struct Axis {
  Axis(int to, int from, bool clamp_weight) {
    const double step = 1.0 / (static_cast<double>(to) / from);
    for (int i = 0; i < to; ++i) {
      auto at = static_cast<float>((i + 0.5) * step - 0.5);
      const auto whole = static_cast<int>(std::floor(at));
      at -= static_cast<float>(whole);
      if (clamp_weight && (whole < 0 || whole >= from - 1)) {
        at = 0;
      }
      first.push_back(std::clamp(whole, 0, from - 1));
      second.push_back(std::clamp(whole + 1, 0, from - 1));
      second_weight.push_back(static_cast<int>(std::rint(at * 2048)));
      first_weight.push_back(static_cast<int>(std::rint((1 - at) * 2048)));
    }
  }
  std::vector<int> first;
  std::vector<int> second;
  std::vector<int> first_weight;
  std::vector<int> second_weight;
};

cv::Mat by_the_formula(const cv::Mat& from, cv::Size size) {
  cv::Mat to(size, CV_8UC3);
  if (from.cols == 2 * size.width && from.rows == 2 * size.height) {
    for (int y = 0; y < to.rows; ++y) {
      for (int x = 0; x < to.cols; ++x) {
        for (int c = 0; c < 3; ++c) {
          const int sum =
              from.at<cv::Vec3b>(2 * y, 2 * x)[c] + from.at<cv::Vec3b>(2 * y, 2 * x + 1)[c] +
              from.at<cv::Vec3b>(2 * y + 1, 2 * x)[c] + from.at<cv::Vec3b>(2 * y + 1, 2 * x + 1)[c];
          to.at<cv::Vec3b>(y, x)[c] = static_cast<std::uint8_t>((sum + 2) / 4);
        }
      }
    }
    return to;
  }
  const Axis across(size.width, from.cols, true);
  const Axis down(size.height, from.rows, false);
  for (std::size_t y = 0; y < down.first.size(); ++y) {
    for (std::size_t x = 0; x < across.first.size(); ++x) {
      for (int c = 0; c < 3; ++c) {
        const auto row = [&](int index) {
          return across.first_weight[x] * from.at<cv::Vec3b>(index, across.first[x])[c] +
                 across.second_weight[x] * from.at<cv::Vec3b>(index, across.second[x])[c];
        };
        const int value = (((down.first_weight[y] * (row(down.first[y]) >> 4)) >> 16) +
                           ((down.second_weight[y] * (row(down.second[y]) >> 4)) >> 16) + 2) >>
                          2;
        to.at<cv::Vec3b>(static_cast<int>(y), static_cast<int>(x))[c] =
            cv::saturate_cast<std::uint8_t>(value);
      }
    }
  }
  return to;
}

int differences(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat difference;
  cv::absdiff(a, b, difference);
  return cv::countNonZero(difference.reshape(1));
}

TEST(CanvasTest, ResizingFollowsTheReferencesFormula) {
  const std::vector<std::pair<cv::Size, cv::Size>> sizes = {
      {{4, 3}, {3, 2}},     {{97, 131}, {64, 96}}, {{64, 64}, {200, 31}},
      {{1, 1}, {5, 7}},     {{640, 2}, {320, 1}},  {{333, 500}, {640, 427}},
      {{80, 60}, {40, 30}}, {{31, 17}, {31, 17}},  {{1000, 1}, {64, 1}},
      {{33, 9}, {11, 3}},   {{1, 300}, {1, 64}},   {{300, 200}, {299, 201}}};
  for (const auto& [from, to] : sizes) {
    const cv::Mat picture = noise(from.height, from.width);
    const ImageSize image{from.height, from.width};
    const ImageSize wanted{to.height, to.width};
    cv::Mat canvas(to, CV_8UC3);
    put_picture(picture, place(ResizeMode::kStretch, image, wanted), canvas);
    EXPECT_EQ(differences(canvas, by_the_formula(picture, to)), 0) << from << " to " << to;
  }
}

TEST(CanvasTest, ThePictureIsWrittenWhereItBelongs) {
  const cv::Mat picture = noise(20, 10);
  const Placement placement = place(ResizeMode::kLetterbox, {20, 10}, {10, 15});
  cv::Mat canvas(10, 15, CV_8UC3, cv::Scalar::all(1));
  const std::uint8_t* const memory = canvas.data;
  put_picture(picture, placement, canvas);
  fill_border(placement, 9, canvas);
  EXPECT_EQ(canvas.data, memory);
  EXPECT_EQ(placement.target, (Region{5, 0, {10, 5}}));
  EXPECT_EQ(differences(canvas.colRange(5, 10), by_the_formula(picture, {5, 10})), 0);
  EXPECT_EQ(differences(canvas.colRange(0, 5), cv::Mat(10, 5, CV_8UC3, cv::Scalar::all(9))), 0);
  EXPECT_EQ(differences(canvas.colRange(10, 15), cv::Mat(10, 5, CV_8UC3, cv::Scalar::all(9))), 0);
}

TEST(CanvasTest, TheMirroredBorderGoesOnAndOn) {
  const cv::Mat picture = noise(3, 2);
  Placement placement = place(ResizeMode::kCenterCrop, {3, 2}, {3, 8});
  cv::Mat canvas(3, 8, CV_8UC3, cv::Scalar::all(0));
  put_picture(picture, placement, canvas);
  reflect_border(placement, canvas);
  ASSERT_EQ(placement.target.left, 3);
  // Columns a b, mirrored without repeating the edge: b a b | a b | a b a.
  for (const auto& [column, source] :
       {std::pair{0, 1}, {1, 0}, {2, 1}, {3, 0}, {4, 1}, {5, 0}, {6, 1}}) {
    EXPECT_EQ(differences(canvas.col(column), picture.col(source)), 0) << column;
  }
}

TEST(CanvasTest, ChannelsAreTurnedAroundInPlace) {
  cv::Mat pixels(2, 3, CV_8UC3, cv::Scalar(1, 2, 3));
  cv::Mat part = pixels.colRange(1, 3);
  reverse_channels(part);
  EXPECT_EQ(pixels.at<cv::Vec3b>(1, 2), cv::Vec3b(3, 2, 1));
  EXPECT_EQ(pixels.at<cv::Vec3b>(1, 0), cv::Vec3b(1, 2, 3));
  const cv::Mat picture = noise(37, 131);
  cv::Mat turned = picture.clone();
  reverse_channels(turned);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const auto pixel = picture.at<cv::Vec3b>(y, x);
      ASSERT_EQ(turned.at<cv::Vec3b>(y, x), cv::Vec3b(pixel[2], pixel[1], pixel[0]));
    }
  }
}

TEST(CanvasTest, PlanesAreLookedUpByChannel) {
  cv::Mat pixels(1, 2, CV_8UC3);
  pixels.at<cv::Vec3b>(0, 0) = {1, 2, 3};
  pixels.at<cv::Vec3b>(0, 1) = {4, 5, 6};
  ValueTable table{};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t value = 0; value < 256; ++value) {
      table[channel][value] = static_cast<float>(100 * channel + value);
    }
  }
  std::vector<float> planes(6);
  write_planes(pixels, false, table, planes);
  EXPECT_THAT(planes, testing::ElementsAre(1, 4, 102, 105, 203, 206));
  write_planes(pixels, true, table, planes);
  EXPECT_THAT(planes, testing::ElementsAre(3, 6, 102, 105, 201, 204));
}

}  // namespace
}  // namespace replayrt::models
