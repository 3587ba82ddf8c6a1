#include "replayrt/models/result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"

namespace replayrt {
namespace {

using testing::ElementsAre;

TEST(ResultTest, DetectionsGiveOutOneAfterTheOther) {
  const Detections found{
      .xyxy = {{1, 2, 4, 8}, {0, 0, 10, 5}}, .class_id = {3, 1}, .confidence = {0.5F, 0.25F}};
  ASSERT_EQ(found.size(), 2U);
  EXPECT_FALSE(found.empty());
  EXPECT_THAT(found[1].xyxy, ElementsAre(0, 0, 10, 5));
  EXPECT_EQ(found[1].class_id, 1);
  EXPECT_EQ(found[1].confidence, 0.25F);
  EXPECT_THAT(found.box_area(), ElementsAre(18, 50));
  EXPECT_TRUE(Detections{}.empty());
}

TEST(ResultTest, OnlyPredictionsWithBoxesHaveDetections) {
  Prediction prediction = InstanceDetections{};
  EXPECT_EQ(detections_of(prediction), &std::get<InstanceDetections>(prediction));
  prediction = Detections{};
  EXPECT_NE(detections_of(prediction), nullptr);
  prediction = KeyPointDetections{};
  EXPECT_NE(detections_of(prediction), nullptr);
  prediction = ClassificationPrediction{};
  EXPECT_EQ(detections_of(prediction), nullptr);
}

// The reference's own vectors: spec, section 4.6.
TEST(RleMaskTest, CompressedCountsAreCocos) {
  std::vector<std::uint8_t> mask(20);
  for (const std::size_t row : {1, 2}) {
    for (const std::size_t column : {1, 2, 3}) {
      mask[row * 5 + column] = 1;
    }
  }
  EXPECT_EQ(RleMask::encode(mask, {4, 5}).compressed_counts(), "5220003");
  const std::vector<std::uint8_t> ones(4, 255);
  EXPECT_EQ(RleMask::encode(ones, {2, 2}).compressed_counts(), "04");
  EXPECT_EQ(RleMask::encode(std::vector<std::uint8_t>(4), {2, 2}).compressed_counts(), "4");
}

TEST(RleMaskTest, LongAndShrinkingRunsAreCompressed) {
  // Made with pycocotools 2.0.11: runs of 1000 zeros, 3000 ones, 5 zeros, 1 one, 40994 zeros.
  const RleMask mask{.size = {100, 450}, .counts = {1000, 3000, 5, 1, 40994}};
  EXPECT_EQ(mask.compressed_counts(), "Xo0hm25YRMmPX1");
  EXPECT_EQ(mask.area(), 3001);
}

TEST(RleMaskTest, RunsGoDownTheColumnsAndStartWithZeros) {
  const std::vector<std::uint8_t> mask = {1, 0, 1,  //
                                          1, 1, 0};
  const RleMask runs = RleMask::encode(mask, {2, 3});
  EXPECT_THAT(runs.counts, ElementsAre(0, 2, 1, 2, 1));
  EXPECT_EQ(runs.decode(), mask);
  EXPECT_EQ(runs.area(), 4);
}

TEST(RleMaskTest, AnEmptyMaskIsOneRun) {
  const RleMask runs = RleMask::encode({}, {0, 5});
  EXPECT_THAT(runs.counts, ElementsAre(0));
  EXPECT_TRUE(runs.decode().empty());
}

TEST(RleMaskTest, SizesThatDoNotFitAreErrors) {
  const std::vector<std::uint8_t> mask(5);
  expect_error(ErrorCode::kInvalidParameter, {"5 elements", "2 x 2"}, [&] {
    RleMask::encode(mask, {2, 2});
  });
  const RleMask runs{.size = {2, 2}, .counts = {3, 2}};
  expect_error(ErrorCode::kInvalidParameter, {"5 pixels", "2 x 2"}, [&] { (void)runs.decode(); });
}

}  // namespace
}  // namespace replayrt
