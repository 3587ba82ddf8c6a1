// Crops and batches of lines.
#include <gmock/gmock.h>

#include <opencv2/imgproc.hpp>
#include <vector>

#include "line_batch.hpp"
#include "line_crop.hpp"

namespace ocr {
namespace {

using testing::ElementsAre;

cv::Mat numbered_picture() {
  cv::Mat picture(60, 100, CV_8UC3);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      picture.at<cv::Vec3b>(y, x) = cv::Vec3b(static_cast<uchar>(x), static_cast<uchar>(y), 0);
    }
  }
  return picture;
}

TEST(CropLine, OfAnUprightBoxIsAPartOfThePicture) {
  const cv::Mat picture = numbered_picture();
  const cv::Mat crop = crop_line(picture, {cv::Point2f{10, 20}, {50, 20}, {50, 35}, {10, 35}});
  EXPECT_EQ(crop.size(), cv::Size(40, 15));
  EXPECT_EQ(crop.data, picture.ptr(20, 10)) << "no copy";
}

TEST(CropLine, OfAnUprightBoxEqualsTheProjection) {
  const cv::Mat picture = numbered_picture();
  const Quad box{cv::Point2f{10, 20}, {50, 20}, {50, 35}, {10, 35}};
  const Quad target{cv::Point2f{0, 0}, {40, 0}, {40, 15}, {0, 15}};
  cv::Mat projected;
  cv::warpPerspective(picture, projected, cv::getPerspectiveTransform(box.data(), target.data()),
                      {40, 15}, cv::INTER_CUBIC, cv::BORDER_REPLICATE);
  EXPECT_EQ(cv::norm(projected, crop_line(picture, box), cv::NORM_INF), 0.0);
}

TEST(CropLine, StraightensASlantedBox) {
  cv::Mat picture(200, 300, CV_8UC3, cv::Scalar::all(255));
  const Quad box{cv::Point2f{50, 100}, {200, 50}, {210, 80}, {60, 130}};
  const std::vector<cv::Point> inside{{50, 100}, {200, 50}, {210, 80}, {60, 130}};
  cv::fillConvexPoly(picture, inside, cv::Scalar::all(0));
  const cv::Mat crop = crop_line(picture, box);
  EXPECT_EQ(crop.size(), cv::Size(158, 31));  // Rounded down.
  const cv::Rect middle(4, 4, crop.cols - 8, crop.rows - 8);
  EXPECT_EQ(cv::countNonZero(crop(middle).clone().reshape(1)), 0) << "nothing but the box";
}

TEST(CropLine, TurnsTallBoxesToTheLeft) {
  const cv::Mat picture = numbered_picture();
  const cv::Mat crop = crop_line(picture, {cv::Point2f{10, 10}, {30, 10}, {30, 40}, {10, 40}});
  ASSERT_EQ(crop.size(), cv::Size(30, 20)) << "30 : 20 is tall";
  EXPECT_EQ(crop.at<cv::Vec3b>(0, 0), picture.at<cv::Vec3b>(10, 29))
      << "the top right corner comes to the top left";
  EXPECT_EQ(crop_line(picture, {cv::Point2f{10, 10}, {30, 10}, {30, 39}, {10, 39}}).size(),
            cv::Size(20, 29));
}

TEST(OrderByShape, GoesFromNarrowToWideAndKeepsTheOrderOfEquals) {
  const std::vector<cv::Mat> crops{cv::Mat(10, 50, CV_8UC3), cv::Mat(10, 20, CV_8UC3),
                                   cv::Mat(20, 100, CV_8UC3), cv::Mat(10, 10, CV_8UC3)};
  EXPECT_THAT(order_by_shape(crops), ElementsAre(3, 1, 0, 2));
}

TEST(ScaledWidth, RoundsUpAndFits) {
  EXPECT_EQ(scaled_width({100, 24}, 320), 200);
  EXPECT_EQ(scaled_width({101, 31}, 320), 157);  // 156.4
  EXPECT_EQ(scaled_width({1000, 24}, 320), 320);
  EXPECT_EQ(scaled_width({1, 400}, 320), 1);
}

TEST(WriteBatch, PutsTheChosenLinesIntoRows) {
  const std::vector<cv::Mat> crops{cv::Mat(48, 96, CV_8UC3, cv::Scalar::all(255)),
                                   cv::Mat(24, 24, CV_8UC3, cv::Scalar::all(0))};
  InputBuffer input;
  write_batch(crops, std::vector<std::size_t>{1, 0}, 320, input);
  const replayrt::TensorView view = input.view();
  ASSERT_EQ(view.shape, replayrt::Shape({2, 3, 48, 320}));
  const auto values = view.as<float>();
  constexpr std::size_t kLine = 3 * 48 * 320;
  EXPECT_EQ(values[0], -1.0F);
  EXPECT_EQ(values[47], -1.0F);
  EXPECT_EQ(values[48], 0.0F) << "24 x 24 becomes 48 x 48, the rest is filled";
  EXPECT_NEAR(values[kLine + 95], 1.0F, 1e-6F);
  EXPECT_EQ(values[kLine + 96], 0.0F);
}

}  // namespace
}  // namespace ocr
