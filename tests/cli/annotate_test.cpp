#include "annotate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <opencv2/core.hpp>
#include <set>
#include <string>
#include <vector>

namespace replayrt::cli {
namespace {

const std::vector<std::string> kNames = {"cat", "ein großer Hund", ""};

Image black(std::int64_t height, std::int64_t width) {
  Image image = Image::allocate({height, width});
  std::memset(image.pixels().data(), 0, static_cast<std::size_t>(height * width * 3));
  return image;
}

Detections boxes(std::vector<std::array<std::int32_t, 4>> xyxy, std::int32_t class_id = 0) {
  Detections found;
  found.class_id.assign(xyxy.size(), class_id);
  found.confidence.assign(xyxy.size(), 0.9F);
  found.xyxy = std::move(xyxy);
  return found;
}

cv::Mat drawn(const Image& image, const Prediction& prediction,
              const std::vector<KeyPointsOfClass>& key_points = {}) {
  return annotated(image, prediction, {kNames, key_points});
}

std::array<std::uint8_t, 3> at(const cv::Mat& picture, int y, int x) {
  const auto& pixel = picture.at<cv::Vec3b>(y, x);
  return {pixel[0], pixel[1], pixel[2]};
}

/// Number of pixels that are not black.
int lit(const cv::Mat& picture) {
  return cv::countNonZero(picture.reshape(1) != 0);
}

constexpr std::array<std::uint8_t, 3> kBlack = {0, 0, 0};

TEST(AnnotateTest, RegionsOfTextAreDrawnByTheirCorners) {
  Detections found = boxes({{20, 20, 180, 180}});
  found.polygon = {{{{100, 20}, {180, 100}, {100, 180}, {20, 100}}}};
  const cv::Mat page = drawn(black(200, 200), found);
  EXPECT_NE(at(page, 100, 180), kBlack) << "a corner of the region";
  EXPECT_EQ(at(page, 180, 180), kBlack) << "a corner of the box around it";
}

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

TEST(AnnotateTest, LeavesThePictureItIsGiven) {
  const Image image = black(100, 200);
  const cv::Mat picture = drawn(image, boxes({{20, 40, 100, 80}}));
  EXPECT_EQ(picture.size(), cv::Size(200, 100));
  EXPECT_GT(lit(picture), 0);
  EXPECT_EQ(*static_cast<const std::uint8_t*>(image.pixels().data()), 0);
  EXPECT_EQ(lit(drawn(image, Detections{})), 0);
}

TEST(AnnotateTest, BoxesHaveTheColourOfTheirClass) {
  for (const std::int32_t id : {0, 1, 7}) {
    const cv::Mat picture = drawn(black(100, 200), boxes({{20, 40, 100, 80}}, id));
    EXPECT_EQ(at(picture, 80, 60), class_color(id));
    EXPECT_EQ(at(picture, 60, 100), class_color(id));
    EXPECT_EQ(at(picture, 60, 60), kBlack);
  }
}

TEST(AnnotateTest, LabelsStandAboveTheirBoxOrWithinIt) {
  const cv::Mat above = drawn(black(100, 200), boxes({{20, 40, 190, 80}}));
  EXPECT_NE(at(above, 38, 21), kBlack);
  EXPECT_EQ(at(above, 44, 24), kBlack);
  const cv::Mat within = drawn(black(100, 200), boxes({{20, 2, 190, 80}}));
  EXPECT_NE(at(within, 6, 21), kBlack);
  // One at the right edge is moved to the left, into the picture.
  const cv::Mat right = drawn(black(100, 200), boxes({{195, 40, 199, 80}}));
  EXPECT_EQ(at(right, 38, 150), class_color(0));
}

TEST(AnnotateTest, LinesGrowWithThePicture) {
  const auto thickness = [](std::int64_t side) {
    const auto edge = static_cast<std::int32_t>(side);
    const cv::Mat picture =
        drawn(black(side, side), boxes({{edge / 4, edge / 2, edge * 3 / 4, edge * 3 / 4}}));
    int count = 0;
    for (int y = edge * 5 / 8; y < edge; ++y) {
      count += at(picture, y, edge / 2) == class_color(0) ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(thickness(100), 1);
  EXPECT_GT(thickness(2000), 4);
}

TEST(AnnotateTest, MasksTintThePixelsThatAreSet) {
  InstanceDetections found{boxes({{0, 0, 3, 3}}), {}};
  std::vector<std::uint8_t> mask(100 * 100, 0);
  mask[70 * 100 + 60] = 1;
  found.mask.push_back(RleMask::encode(mask, {100, 100}));
  const cv::Mat picture = drawn(black(100, 100), found);
  EXPECT_NE(at(picture, 70, 60), kBlack);
  EXPECT_EQ(at(picture, 70, 61), kBlack);
  EXPECT_EQ(at(picture, 71, 60), kBlack);
}

TEST(AnnotateTest, MasksOfALowerResolutionCoverThePicture) {
  InstanceDetections found{boxes({{0, 0, 3, 3}}), {}};
  found.mask.push_back({{2, 2}, {2, 2}});  // The right half.
  const cv::Mat picture = drawn(black(100, 100), found);
  EXPECT_EQ(at(picture, 70, 48), kBlack);
  EXPECT_NE(at(picture, 70, 52), kBlack);
  EXPECT_NE(at(picture, 98, 98), kBlack);
}

TEST(AnnotateTest, KeyPointsAreConnectedWhereBothWereFound) {
  KeyPointDetections found{boxes({{0, 0, 2, 2}}), {}, {}};
  found.key_points = {{{20, 80, 0.9F}, {80, 80, 0.8F}, {50, 50, 0.0F}}};
  const std::vector<KeyPointsOfClass> skeleton = {{{"a", "b", "c"}, {{0, 1}, {1, 2}, {0, 9}}}};
  const cv::Mat plain = drawn(black(100, 100), found);
  EXPECT_NE(at(plain, 80, 20), kBlack);
  EXPECT_EQ(at(plain, 80, 50), kBlack);
  EXPECT_EQ(at(plain, 50, 50), kBlack);
  const cv::Mat connected = drawn(black(100, 100), found, skeleton);
  EXPECT_NE(at(connected, 80, 50), kBlack);
  EXPECT_EQ(at(connected, 65, 65), kBlack);
}

TEST(AnnotateTest, ClassesAreWrittenIntoTheCorner) {
  const cv::Mat one = drawn(black(100, 200), ClassificationPrediction{1, {0.1F, 0.9F}});
  EXPECT_EQ(at(one, 0, 0), class_color(1));
  const cv::Mat two =
      drawn(black(100, 200), MultiLabelClassificationPrediction{{0, 1}, {0.8F, 0.9F}});
  EXPECT_EQ(at(two, 0, 0), class_color(0));
  int bottom = 0;  // Of the first line; the second one follows.
  while (at(two, bottom, 0) == class_color(0)) {
    ++bottom;
  }
  EXPECT_EQ(at(two, bottom, 0), class_color(1));
  EXPECT_EQ(lit(drawn(black(100, 200), MultiLabelClassificationPrediction{{}, {0.1F}})), 0);
  EXPECT_GT(lit(drawn(black(100, 200), TextResult{"words", 0.5F})), 0);
}

/// A class per column of a picture that is mostly too low for a text.
SemanticSegmentationResult columns(const std::vector<std::int64_t>& classes, std::int64_t height) {
  SemanticSegmentationResult found{{height, static_cast<std::int64_t>(classes.size())}, {}, {}};
  for (std::int64_t row = 0; row < height; ++row) {
    found.segmentation_map.insert(found.segmentation_map.end(), classes.begin(), classes.end());
  }
  found.confidence.assign(found.segmentation_map.size(), 1.0F);
  return found;
}

TEST(AnnotateTest, SegmentsAreTintedButForTheBackground) {
  std::vector<std::int64_t> classes(300, 0);
  std::fill(classes.begin() + 200, classes.begin() + 280, 5);
  std::fill(classes.begin() + 280, classes.end(), 2);
  const SemanticSegmentationResult segments = columns(classes, 100);
  const cv::Mat all = drawn(black(100, 300), segments);
  EXPECT_NE(at(all, 99, 0), kBlack);
  EXPECT_EQ(at(all, 99, 0), at(all, 99, 199));
  EXPECT_NE(at(all, 99, 199), at(all, 99, 200));
  EXPECT_NE(at(all, 99, 279), at(all, 99, 280));
  const cv::Mat without = annotated(black(100, 300), segments, {kNames, {}, 0});
  EXPECT_EQ(at(without, 99, 0), kBlack);
  EXPECT_EQ(at(without, 99, 200), at(all, 99, 200));
  // The largest class is named first, the background not at all.
  EXPECT_EQ(at(all, 0, 0), class_color(0));
  EXPECT_EQ(at(without, 0, 0), class_color(5));
  EXPECT_EQ(lit(annotated(black(100, 300), columns(std::vector<std::int64_t>(300, 4), 100),
                          {kNames, {}, 4})),
            0);
}

TEST(AnnotateTest, DepthsGoFromBlueToRed) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const cv::Mat depth =
      drawn(black(1, 6), DepthMap{{1, 6}, {1.0F, 2.0F, 3.0F, 0.0F, nan, infinity}});
  const auto blue_less_red = [&](int x) { return at(depth, 0, x)[0] - at(depth, 0, x)[2]; };
  EXPECT_GT(blue_less_red(0), 0);
  EXPECT_LT(blue_less_red(2), 0);
  EXPECT_NE(at(depth, 0, 1), at(depth, 0, 0));
  EXPECT_NE(at(depth, 0, 1), at(depth, 0, 2));
  for (int unknown = 3; unknown < 6; ++unknown) {
    EXPECT_EQ(at(depth, 0, unknown), kBlack) << "the picture stays";
  }
  EXPECT_EQ(lit(drawn(black(1, 2), DepthMap{{2, 1}, {1.0F, 2.0F}})), 0) << "another size";
}

TEST(AnnotateTest, OddPredictionsAreDrawnAsFarAsTheyGo) {
  const std::int32_t far = 1'000'000;
  for (const auto& [height, width] : {std::pair(1, 1), std::pair(1, 3000), std::pair(3000, 1)}) {
    const Image image = black(height, width);
    drawn(image, boxes({{0, 0, 0, 0}, {-far, -far, far, far}, {far, far, far, far}}, 2));
    drawn(image, boxes({{0, 0, 0, 0}}, -1));
    drawn(image, ClassificationPrediction{99, {}});
    drawn(image, TextResult{std::string(500, 'x') + "\n\x01", 1});
    drawn(image, DepthMap{{height, width},
                          std::vector<float>(static_cast<std::size_t>(height * width),
                                             std::numeric_limits<float>::quiet_NaN())});
  }
}

}  // namespace
}  // namespace replayrt::cli
