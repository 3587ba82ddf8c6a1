#include "tint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <opencv2/core.hpp>
#include <set>
#include <vector>

namespace replayrt::cli {
namespace {

TEST(ClassColorTest, IsAnotherForEveryClassAndStable) {
  std::set<std::array<std::uint8_t, 3>> colors;
  for (std::int64_t id = 0; id < 300; ++id) {
    colors.insert(class_color(id));
    EXPECT_EQ(class_color(id), class_color(id));
  }
  EXPECT_EQ(colors.size(), 300U);
  for (std::int64_t id = 0; id < 100; ++id) {  // Neighbours are far apart.
    int distance = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      distance += std::abs(class_color(id)[c] - class_color(id + 1)[c]);
    }
    EXPECT_GT(distance, 100) << id;
  }
  EXPECT_NO_THROW(class_color(-1));
  EXPECT_NO_THROW(class_color(std::numeric_limits<std::int64_t>::min()));
}

TEST(TintMaskTest, BlendsWhatIsSetAndGivesItsEdges) {
  cv::Mat page(10, 12, CV_8UC3, cv::Scalar::all(100));
  std::vector<std::uint8_t> mask(10 * 12, 0);
  for (const std::size_t y : {2U, 3U, 4U, 5U}) {
    std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(y * 12 + 3), 5, 1);
  }
  const auto edges = tint_mask(page, RleMask::encode(mask, {10, 12}), {200, 0, 100});
  EXPECT_EQ(page.at<cv::Vec3b>(2, 3), cv::Vec3b(145, 55, 100)) << "0.45 of the colour";
  EXPECT_EQ(page.at<cv::Vec3b>(5, 7), cv::Vec3b(145, 55, 100));
  EXPECT_EQ(page.at<cv::Vec3b>(6, 7), cv::Vec3b(100, 100, 100));
  EXPECT_EQ(page.at<cv::Vec3b>(5, 8), cv::Vec3b(100, 100, 100));
  ASSERT_EQ(edges.size(), 1U);
  EXPECT_THAT(edges[0], testing::UnorderedElementsAre(cv::Point(3, 2), cv::Point(7, 2),
                                                      cv::Point(3, 5), cv::Point(7, 5)));
}

TEST(TintMaskTest, AMaskWithoutPixelsChangesNothing) {
  cv::Mat page(2, 2, CV_8UC3, cv::Scalar::all(100));
  EXPECT_TRUE(tint_mask(page, {{0, 0}, {}}, {0, 0, 0}).empty());
  EXPECT_TRUE(tint_mask(page, {{2, 2}, {4}}, {0, 0, 0}).empty());
  EXPECT_EQ(cv::countNonZero(page.reshape(1) != 100), 0);
}

}  // namespace
}  // namespace replayrt::cli
