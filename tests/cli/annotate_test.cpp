#include "annotate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "tint.hpp"

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

TEST(AnnotateTest, ABoxOfTheWholePictureIsSeenOnAllSides) {
  for (const std::int32_t side : {120, 1500}) {
    const cv::Mat page = drawn(black(side, side), boxes({{0, 0, side, side}}));
    EXPECT_EQ(at(page, side - 1, side / 2), class_color(0));
    EXPECT_EQ(at(page, side / 2, side - 1), class_color(0));
    EXPECT_EQ(at(page, side / 2, 0), class_color(0));
    EXPECT_EQ(at(page, side / 2, side / 2), kBlack);
  }
}

/// Number of pixels of this colour.
int pixels_of(const cv::Mat& picture, const std::array<std::uint8_t, 3>& bgr) {
  cv::Mat same;
  cv::inRange(picture, cv::Scalar(bgr[0], bgr[1], bgr[2]), cv::Scalar(bgr[0], bgr[1], bgr[2]),
              same);
  return cv::countNonZero(same);
}

TEST(AnnotateTest, NoLabelHidesAnother) {
  const auto count = [](const std::vector<std::int32_t>& ids) {
    Detections found =
        boxes(std::vector<std::array<std::int32_t, 4>>(ids.size(), {50, 60, 150, 130}));
    found.class_id = ids;
    return pixels_of(drawn(black(200, 200), found), class_color(ids[0]));
  };
  // Two objects at one place: the line of the second hides that of the first, no label does.
  const int lines = 2 * (101 + 71) - 4;
  EXPECT_EQ(count({0, 1}), count({0}) - lines);
}

TEST(AnnotateTest, OfLabelsWithoutRoomTheMostConfidentIsSeen) {
  Detections found = boxes(std::vector<std::array<std::int32_t, 4>>(60, {0, 0, 99, 59}));
  found.confidence.assign(60, 0.5F);
  for (std::int32_t i = 0; i < 60; ++i) {
    found.class_id[static_cast<std::size_t>(i)] = i;
  }
  found.confidence[40] = 0.75F;
  const cv::Mat page = drawn(black(60, 100), found);
  EXPECT_EQ(at(page, 1, 1), class_color(40)) << "at the place that all want first";
}

TEST(AnnotateTest, LabelsOfRegionsLeaveTextToBeRead) {
  Detections found = boxes({{10, 50, 150, 70}, {10, 71, 150, 90}, {0, 91, 199, 110}});
  for (const auto& [left, top, right, bottom] : found.xyxy) {
    found.polygon.push_back({{{left, top}, {right, top}, {right, bottom}, {left, bottom}}});
  }
  const cv::Mat page = drawn(black(200, 200), found);
  for (const int middle : {60, 81}) {
    EXPECT_EQ(lit(page(cv::Range(middle - 5, middle + 5), cv::Range(14, 146))), 0);
    EXPECT_GT(lit(page(cv::Range(middle - 5, middle + 5), cv::Range(155, 200))), 0) << "its label";
  }
  EXPECT_EQ(lit(page(cv::Range(95, 106), cv::Range(4, 195))), 0);
}

TEST(AnnotateTest, PicturesThatAreTooSmallForLettersAreEnlarged) {
  InstanceDetections found{boxes({{10, 20, 29, 39}}, 1), {}};
  std::vector<std::uint8_t> mask(40 * 30, 0);
  mask[25 * 30 + 15] = 1;
  found.mask.push_back(RleMask::encode(mask, {40, 30}));
  const cv::Mat page = drawn(black(40, 30), found);
  ASSERT_EQ(page.size(), cv::Size(120, 160)) << "by four, so that 96 x 48 pixels are there";
  EXPECT_EQ(at(page, 120, 40), class_color(1)) << "the box";
  EXPECT_EQ(at(page, 159, 80), class_color(1));
  EXPECT_EQ(at(page, 130, 119), class_color(1));
  EXPECT_NE(at(page, 102, 62), kBlack) << "the mask";
  EXPECT_EQ(at(page, 110, 62), kBlack);
  KeyPointDetections points{boxes({{0, 0, 2, 2}}), {}, {}};
  points.key_points = {{{20, 30, 0.9F}}};
  EXPECT_NE(at(drawn(black(40, 30), points), 122, 82), kBlack);
  EXPECT_EQ(drawn(black(40, 30), ClassificationPrediction{1, {0.1F, 0.9F}}).cols, 120);
  EXPECT_EQ(drawn(black(40, 3000), ClassificationPrediction{1, {0.1F, 0.9F}}).cols, 3000)
      << "no side grows beyond 4096";
  EXPECT_EQ(drawn(black(40, 30), DepthMap{{40, 30}, std::vector<float>(1200, 1)}).cols, 30);
}

TEST(AnnotateTest, LettersStandOutFromTheirField) {
  // By WCAG 2 white on red has a contrast of 3.6, black one of 5.8; on dark blue it is white.
  const auto letters = [](std::int32_t id, std::uint8_t ink) {
    const cv::Mat page = drawn(black(1500, 1500), boxes({{300, 700, 1200, 900}}, id));
    return pixels_of(page(cv::Range(660, 695), cv::Range(305, 400)), {ink, ink, ink});
  };
  EXPECT_GT(letters(0, 0), 0);
  EXPECT_EQ(letters(0, 255), 0);
  EXPECT_GT(letters(1, 255), 0);
  EXPECT_EQ(letters(1, 0), 0);
}

TEST(AnnotateTest, TextStandsAboveThePicture) {
  const auto rows_above = [](int height, int width, const std::string& text) {
    const cv::Mat page = drawn(black(height, width), TextResult{text, 0.5F});
    EXPECT_EQ(page.cols, width);
    EXPECT_EQ(lit(page(cv::Range(page.rows - height, page.rows), cv::Range::all())), 0);
    EXPECT_EQ(at(page, 0, 0), (std::array<std::uint8_t, 3>{255, 255, 255}));
    const cv::Mat band = page(cv::Range(0, page.rows - height), cv::Range::all());
    EXPECT_GT(cv::countNonZero(band.reshape(1) < 128), 0) << "letters";
    return page.rows - height;
  };
  EXPECT_GT(rows_above(64, 400, "words"), 8);
  EXPECT_LT(rows_above(2000, 2000, std::string(200, 'x')), rows_above(2000, 2000, "words"));
  const cv::Mat wider = drawn(black(20, 20), TextResult{std::string(30, 'x'), 0.5F});
  EXPECT_GT(wider.cols, 120) << "the text is wider than the picture";
  EXPECT_EQ(wider.cols % 20, 0);
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

TEST(AnnotateTest, OfMasksThatMeetTheMostConfidentIsOnTop) {
  const auto blend_of_both = [](float first, float second) {
    InstanceDetections found{boxes({{0, 0, 3, 3}, {0, 0, 3, 3}}), {}};
    found.class_id = {0, 1};
    found.confidence = {first, second};
    found.mask.assign(2, {{100, 100}, {0, 10000}});
    return at(drawn(black(100, 100), found), 50, 50);
  };
  const auto red = [](const std::array<std::uint8_t, 3>& bgr) { return bgr[2] - bgr[0]; };
  EXPECT_GT(red(blend_of_both(0.9F, 0.5F)), 0);
  EXPECT_LT(red(blend_of_both(0.5F, 0.9F)), 0) << "class 1 is blue";
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
