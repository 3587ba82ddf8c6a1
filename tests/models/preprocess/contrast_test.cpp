#include "models/preprocess/contrast.hpp"

#include "models/preprocess/adaptive_equalization.hpp"
#include "models/preprocess/expected_pixels.hpp"

namespace replayrt::models {
namespace {

constexpr ContrastType kAllTypes[] = {ContrastType::kAdaptiveEqualization,
                                      ContrastType::kContrastStretching,
                                      ContrastType::kHistogramEqualization};

void expect_reference_bytes(const std::string& name, ContrastType type) {
  int count = 0;
  for (const nlohmann::json& expected : expected_pixels("contrast")) {
    if (expected.at("type") == name) {
      cv::Mat image = make_picture(expected);
      enhance_contrast(image, type);
      expect_pixels(image, expected);
      ++count;
    }
  }
  EXPECT_GT(count, 50);
}

TEST(ContrastTest, AdaptiveEqualizationGivesTheBytesOfTheReference) {
  expect_reference_bytes("Adaptive Equalization", ContrastType::kAdaptiveEqualization);
}

TEST(ContrastTest, StretchingGivesTheBytesOfTheReference) {
  expect_reference_bytes("Contrast Stretching", ContrastType::kContrastStretching);
}

TEST(ContrastTest, HistogramEqualizationGivesTheBytesOfTheReference) {
  expect_reference_bytes("Histogram Equalization", ContrastType::kHistogramEqualization);
}

TEST(ContrastTest, AdaptiveEqualizationHasItsOwnDoor) {
  cv::Mat image(48, 64, CV_8UC3);
  fill_with_picture(image, "blobs", 1);
  cv::Mat same = image.clone();
  enhance_contrast(image, ContrastType::kAdaptiveEqualization);
  equalize_adaptively(same);
  EXPECT_EQ(cv::norm(image, same, cv::NORM_INF), 0);
}

TEST(ContrastTest, ViewIsEnhancedAloneAndInPlace) {
  const cv::Rect place(3, 2, 21, 19);
  for (const ContrastType type : kAllTypes) {
    cv::Mat alone(place.size(), CV_8UC3);
    fill_with_picture(alone, "faint", 5);
    cv::Mat whole(30, 40, CV_8UC3, cv::Scalar::all(200));
    cv::Mat view = whole(place);
    alone.copyTo(view);
    enhance_contrast(alone, type);
    enhance_contrast(view, type);
    EXPECT_EQ(cv::norm(whole(place), alone, cv::NORM_INF), 0);
    expect_untouched_around(whole, place, 200);
  }
}

TEST(ContrastTest, NothingHappensToAnImageWithoutPixels) {
  for (const ContrastType type : kAllTypes) {
    for (const cv::Size& size : {cv::Size(0, 0), cv::Size(7, 0), cv::Size(0, 7)}) {
      cv::Mat image(size, CV_8UC3);
      EXPECT_NO_THROW(enhance_contrast(image, type));
      EXPECT_EQ(image.size(), size);
    }
  }
}

TEST(ContrastTest, RefusesOtherTypesOfImage) {
  for (const int depth_and_channels : {CV_8UC1, CV_8UC4, CV_32FC3}) {
    cv::Mat image(4, 4, depth_and_channels, cv::Scalar::all(1));
    for (const ContrastType type : kAllTypes) {
      EXPECT_THROW(enhance_contrast(image, type), cv::Exception);
    }
    EXPECT_THROW(equalize_adaptively(image), cv::Exception);
  }
}

}  // namespace
}  // namespace replayrt::models
