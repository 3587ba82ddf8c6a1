#include "working_picture.hpp"

#include <gmock/gmock.h>

#include <opencv2/core.hpp>

#include "replayrt/core/error.hpp"

namespace ocr {
namespace {

using testing::HasSubstr;

cv::Mat picture_of(int width, int height) {
  return {height, width, CV_8UC3, cv::Scalar::all(200)};
}

std::string refusal_of(const cv::Mat& picture) {
  try {
    prepare_picture(picture);
  } catch (const replayrt::Error& error) {
    EXPECT_EQ(error.code(), replayrt::ErrorCode::kInvalidParameter);
    return error.what();
  }
  return "no error";
}

TEST(PreparePicture, LeavesOrdinaryPicturesAlone) {
  const cv::Mat source = picture_of(640, 480);
  const WorkingPicture picture = prepare_picture(source);
  EXPECT_EQ(picture.pixels.data, source.data) << "no copy";
  EXPECT_EQ(picture.top, 0);
  EXPECT_EQ(picture.ratio_x, 1.0);
}

TEST(PreparePicture, ShrinksTheLongerSideTo2000InStepsOf32) {
  const WorkingPicture picture = prepare_picture(picture_of(4000, 3000));
  EXPECT_EQ(picture.pixels.size(), cv::Size(1984, 1504));  // 62.5 and 46.9 steps; halves to even.
  EXPECT_DOUBLE_EQ(picture.ratio_x, 4000.0 / 1984.0);
  EXPECT_DOUBLE_EQ(picture.ratio_y, 3000.0 / 1504.0);
}

TEST(PreparePicture, EnlargesTheShorterSideTo30) {
  const WorkingPicture picture = prepare_picture(picture_of(100, 20));
  EXPECT_EQ(picture.pixels.size(), cv::Size(160, 32));
  EXPECT_EQ(picture.top, 0) << "5 : 1 is not flat, and 32 rows are enough";
}

TEST(PreparePicture, GivesFlatPicturesABorder) {
  const WorkingPicture picture = prepare_picture(picture_of(900, 100));
  EXPECT_EQ(picture.top, (2 * (900 / 8) - 100) / 2);
  EXPECT_EQ(picture.pixels.size(), cv::Size(900, 100 + 2 * picture.top));
  EXPECT_EQ(picture.pixels.at<cv::Vec3b>(0, 0), cv::Vec3b(0, 0, 0));
  EXPECT_EQ(picture.pixels.at<cv::Vec3b>(picture.top, 0), cv::Vec3b(200, 200, 200));
}

TEST(PreparePicture, GivesLowPicturesABorder) {
  EXPECT_EQ(prepare_picture(picture_of(60, 30)).top, 15);
  EXPECT_EQ(prepare_picture(picture_of(60, 31)).top, 0);
}

TEST(PreparePicture, GivesNarrowPicturesABorder) {
  const WorkingPicture picture = prepare_picture(picture_of(100, 1200));
  EXPECT_EQ(picture.pixels.size(), cv::Size(110, 1200)) << "no more than 11 : 1";
  EXPECT_EQ(picture.pixels.at<cv::Vec3b>(0, 99), cv::Vec3b(200, 200, 200));
  EXPECT_EQ(picture.pixels.at<cv::Vec3b>(0, 100), cv::Vec3b(0, 0, 0));
  EXPECT_EQ(picture.to_original({cv::Point2f{0, 5}, {109, 5}, {109, 9}, {0, 9}})[1],
            cv::Point2f(100, 5));
  EXPECT_EQ(prepare_picture(picture_of(100, 1100)).pixels.size(), cv::Size(100, 1100));
}

TEST(PreparePicture, SurvivesExtremeShapes) {
  EXPECT_EQ(prepare_picture(picture_of(1, 1)).pixels.size(), cv::Size(32, 32));
  EXPECT_EQ(prepare_picture(picture_of(20000, 40)).pixels.cols, 2016 - 32);
  EXPECT_EQ(prepare_picture(picture_of(30, 40000)).pixels.size(), cv::Size(181, 1984));
}

TEST(PreparePicture, RefusesWhatItCannotRead) {
  EXPECT_THAT(refusal_of(cv::Mat()), HasSubstr("no pixels"));
  EXPECT_THAT(refusal_of(cv::Mat(50, 50, CV_8UC1)), HasSubstr("CV_8UC1"));
  EXPECT_THAT(refusal_of(picture_of(3000, 1)), HasSubstr("3000 x 1"));
}

TEST(WorkingPicture, FindsTheWayBack) {
  const WorkingPicture picture = prepare_picture(picture_of(4000, 100));
  const auto top = static_cast<float>(picture.top);
  const Quad box =
      picture.to_original({cv::Point2f{0, top}, {1984, top}, {1984, top + 64}, {-3, top - 9}});
  EXPECT_EQ(box[0], cv::Point2f(0, 0));
  EXPECT_EQ(box[1], cv::Point2f(4000, 0));
  EXPECT_EQ(box[2], cv::Point2f(4000, 100));
  EXPECT_EQ(box[3], cv::Point2f(0, 0)) << "cut at the edges";
}

}  // namespace
}  // namespace ocr
