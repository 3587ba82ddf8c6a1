#include "models/postprocess/boxes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace replayrt::models {
namespace {

using testing::ElementsAre;

Candidate box(float x, float y, float width, float height, std::int32_t class_id,
              float confidence) {
  Candidate candidate = from_center(x, y, width, height);
  candidate.class_id = class_id;
  candidate.confidence = confidence;
  return candidate;
}

std::vector<float> confidences(const std::vector<Candidate>& boxes) {
  std::vector<float> values;
  for (const Candidate& candidate : boxes) {
    values.push_back(candidate.confidence);
  }
  return values;
}

std::vector<float> survivors(std::vector<Candidate> boxes, float iou, bool agnostic,
                             std::int64_t most = 300) {
  suppress(boxes, iou, agnostic, most);
  return confidences(boxes);
}

// The reference's own vector: spec, section 4.4.
const std::vector<Candidate> kBoxes = {
    box(300, 300, 20, 60, 2, 0.4F), box(100, 100, 40, 40, 0, 0.9F), box(102, 100, 40, 40, 0, 0.8F),
    box(102, 100, 40, 40, 1, 0.85F)};

TEST(SuppressTest, BoxesOfOneClassSuppressEachOther) {
  EXPECT_THAT(survivors(kBoxes, 0.3F, false), ElementsAre(0.9F, 0.85F, 0.4F));
  EXPECT_THAT(survivors(kBoxes, 0.3F, true), ElementsAre(0.9F, 0.4F));
}

TEST(SuppressTest, TheThresholdItselfSurvives) {
  // Two of 10 x 10, 5 apart: 50 in common of 150.
  const std::vector<Candidate> two = {box(5, 5, 10, 10, 0, 0.9F), box(10, 5, 10, 10, 0, 0.8F)};
  EXPECT_EQ(survivors(two, 1.0F / 3, false).size(), 2U);
  EXPECT_EQ(survivors(two, 0.333F, false).size(), 1U);
}

TEST(SuppressTest, TheMostConfidentStay) {
  EXPECT_THAT(survivors(kBoxes, 1, false, 2), ElementsAre(0.9F, 0.85F));
  EXPECT_TRUE(survivors(kBoxes, 1, false, 0).empty());
}

TEST(SuppressTest, EqualConfidencesKeepTheirOrder) {
  std::vector<Candidate> boxes = {box(5, 5, 4, 4, 0, 0.5F), box(50, 5, 4, 4, 0, 0.5F),
                                  box(5, 5, 4, 4, 0, 0.5F)};
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    boxes[i].row = static_cast<std::int64_t>(i);
  }
  suppress(boxes, 0.3F, false, 300);
  ASSERT_EQ(boxes.size(), 2U);
  EXPECT_EQ(boxes[0].row, 0);
  EXPECT_EQ(boxes[1].row, 1);
}

TEST(SuppressTest, ASuppressedBoxSuppressesNone) {
  const std::vector<Candidate> chain = {box(0, 5, 10, 10, 0, 0.9F), box(4, 5, 10, 10, 0, 0.8F),
                                        box(8, 5, 10, 10, 0, 0.7F)};
  EXPECT_THAT(survivors(chain, 0.3F, false), ElementsAre(0.9F, 0.7F));
}

// Where batched_nms moves boxes apart by class in f32, it loses bits; here classes do not count.
TEST(SuppressTest, LargeClassNumbersChangeNothing) {
  for (const std::int32_t class_id : {0, 79, 1000000}) {
    const std::vector<Candidate> two = {box(5, 5, 10, 10, class_id, 0.9F),
                                        box(10, 5, 10, 10, class_id, 0.8F)};
    EXPECT_EQ(survivors(two, 0.3334F, false).size(), 2U) << class_id;
  }
}

PreProcessingMetadata letterboxed() {
  PreProcessingMetadata metadata;
  metadata.pad_top = 140;
  metadata.scale_width = metadata.scale_height = 1.0 / 3;
  metadata.original_size = {1080, 1920};
  return metadata;
}

// The reference's own vector: spec, section 4.5.
TEST(ToDetectionsTest, BoxesGoBackToTheImage) {
  const std::vector<Candidate> boxes = {
      {.left = 80,
       .top = 120,
       .right = 120.5F,
       .bottom = 120.5F,
       .confidence = 0.5F,
       .class_id = 3},
      {.left = 10.5F, .top = 150.25F, .right = 639.9F, .bottom = 600}};
  const Detections found = to_detections(boxes, letterboxed());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found.xyxy[0], ElementsAre(240, 0, 362, 0));
  EXPECT_THAT(found.xyxy[1], ElementsAre(32, 31, 1920, 1080));
  EXPECT_EQ(found.class_id[0], 3);
  EXPECT_EQ(found.confidence[0], 0.5F);
}

TEST(ToDetectionsTest, TheCropsOffsetComesOnTop) {
  PreProcessingMetadata metadata;
  metadata.original_size = {100, 200};
  metadata.static_crop_offset = {
      .offset_x = 20, .offset_y = 10, .crop_width = 50, .crop_height = 50};
  metadata.scale_width = 2;
  metadata.pad_left = -4;
  const Detections found =
      to_detections({{.left = 0, .top = 0, .right = 10, .bottom = 95}}, metadata);
  EXPECT_THAT(found.xyxy[0], ElementsAre(22, 10, 27, 100));
}

TEST(ToDetectionsTest, HalvesGoToTheEvenNeighbour) {
  PreProcessingMetadata metadata;
  metadata.original_size = {100, 100};
  const Detections found =
      to_detections({{.left = 0.5F, .top = 1.5F, .right = 2.5F, .bottom = 3.5F}}, metadata);
  EXPECT_THAT(found.xyxy[0], ElementsAre(0, 2, 2, 4));
}

TEST(ToDetectionsTest, OnlyNumbersAreSides) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  PreProcessingMetadata metadata;
  metadata.original_size = {100, 50};
  const Detections found =
      to_detections({{.left = NAN, .top = 0, .right = 1, .bottom = 1},
                     {.left = -kInfinity, .top = 0, .right = kInfinity, .bottom = 1e30F}},
                    metadata);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found.xyxy[0], ElementsAre(0, 0, 50, 100));
}

}  // namespace
}  // namespace replayrt::models
