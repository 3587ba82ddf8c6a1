#include "planes.hpp"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <vector>

namespace ocr {
namespace {

void expect_planes(int width, int height, std::size_t row_length) {
  cv::Mat picture(height, width, CV_8UC3);
  cv::RNG rng(7);
  rng.fill(picture, cv::RNG::UNIFORM, 0, 256);
  const auto rows = static_cast<std::size_t>(height);
  std::vector<float> planes(3 * rows * row_length, 99.0F);
  write_planes(picture, planes, row_length);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < row_length; ++x) {
        const float value = planes[(c * rows + y) * row_length + x];
        if (x >= static_cast<std::size_t>(width)) {
          ASSERT_EQ(value, 0.0F) << "right of the picture";
          continue;
        }
        const auto& pixel = picture.at<cv::Vec3b>(static_cast<int>(y), static_cast<int>(x));
        ASSERT_NEAR(value, (pixel[static_cast<int>(c)] / 255.0 - 0.5) / 0.5, 1e-6);
      }
    }
  }
}

TEST(WritePlanes, NormalizesAndSeparatesTheColours) {
  expect_planes(37, 11, 37);
}

TEST(WritePlanes, FillsTheRowsWithZeros) {
  expect_planes(5, 48, 320);
}

TEST(WritePlanes, WorksInBlocksOfAnyHeight) {
  expect_planes(1472, 23, 1472);
  expect_planes(12000, 3, 12001);
}

TEST(WritePlanes, ReadsPartsOfAPicture) {
  cv::Mat picture(20, 30, CV_8UC3, cv::Scalar(0, 0, 0));
  picture(cv::Rect(10, 5, 4, 3)).setTo(cv::Scalar(255, 0, 51));
  std::vector<float> planes(3 * 3 * 4);
  write_planes(picture(cv::Rect(10, 5, 4, 3)), planes, 4);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_FLOAT_EQ(planes[i], 1.0F);
    EXPECT_FLOAT_EQ(planes[12 + i], -1.0F);
    EXPECT_NEAR(planes[24 + i], -0.6F, 1e-6F);
  }
}

TEST(InputBuffer, KeepsItsMemoryForSmallerShapes) {
  InputBuffer buffer;
  float* first = buffer.resize({2, 3, 48, 320}).data();
  EXPECT_EQ(buffer.resize({1, 3, 48, 320}).data(), first);
  EXPECT_EQ(buffer.view().shape, replayrt::Shape({1, 3, 48, 320}));
  EXPECT_EQ(buffer.resize({4, 3, 48, 320}).size(), 4U * 3 * 48 * 320);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.view().data) % 64, 0U);
}

}  // namespace
}  // namespace ocr
