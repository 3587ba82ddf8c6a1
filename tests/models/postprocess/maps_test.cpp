#include "models/postprocess/maps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

using testing::ElementsAre;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

auto near_to(const std::vector<float>& expected) {
  return testing::Pointwise(testing::FloatNear(1e-4F), expected);
}

HeadOutput output(const std::vector<float>& values, const Shape& shape) {
  return {Tensor::copy_of(view_of(std::span<const float>(values), shape)), "logits"};
}

/// Of a picture that is the network's input as it is.
PreProcessingMetadata plain(ImageSize size) {
  PreProcessingMetadata metadata;
  metadata.original_size = metadata.size_after_pre_processing = metadata.inference_size = size;
  metadata.static_crop_offset = {0, 0, size.width, size.height};
  return metadata;
}

SemanticSegmentationResult segment_row(const std::vector<float>& logits, std::size_t channels,
                                       SegmentClasses classes, const Threshold& threshold) {
  const auto width = static_cast<std::int64_t>(logits.size() / channels);
  const auto count = static_cast<std::int64_t>(channels);
  return segment(output(logits, Shape{1, count, 1, width}), 0, plain({1, width}), classes,
                 threshold, false);
}

// The reference's own vector: spec, section 4.10.
TEST(SegmentTest, LogitsAreResizedWithoutTheBorder) {
  std::vector<float> logits(2 * 4 * 4, 0.0F);
  for (std::size_t i = 16; i < 32; ++i) {
    const bool is_border = i < 20 || i >= 28;
    logits[i] = is_border ? 9.0F : i % 4 >= 2 ? 2.0F : 0.0F;
  }
  PreProcessingMetadata metadata = plain({4, 8});
  metadata.inference_size = {8, 8};
  metadata.pad_top = metadata.pad_bottom = 2;
  const SemanticSegmentationResult found =
      segment(output(logits, Shape{1, 2, 4, 4}), 0, metadata, {2, 0}, Threshold(0.5F), false);
  EXPECT_EQ(found.size, (ImageSize{4, 8}));
  for (int row = 0; row < 4; ++row) {
    const auto from = [&](const auto& values) { return std::span(values).subspan(row * 8U, 8); };
    EXPECT_THAT(from(found.segmentation_map), ElementsAre(0, 0, 0, 1, 1, 1, 1, 1));
    EXPECT_THAT(from(found.confidence),
                near_to({0.5F, 0.5F, 0.5F, 0.6225F, 0.8176F, 0.8808F, 0.8808F, 0.8808F}));
  }
}

TEST(SegmentTest, RowsAndColumnsAreNotExchanged) {
  const SemanticSegmentationResult found =
      segment(output({0, 0, 0, 0, 0, 0, -9, 9, -9, -9, -9, 9}, Shape{1, 2, 2, 3}), 0, plain({2, 3}),
              {2, 0}, Threshold(0), false);
  EXPECT_THAT(found.segmentation_map, ElementsAre(0, 1, 0, 0, 0, 1));
}

TEST(SegmentTest, TheImageIsTheOneThatIsAskedFor) {
  const HeadOutput logits = output({9, 0, 0, 9}, Shape{2, 2, 1, 1});
  EXPECT_THAT(segment(logits, 0, plain({1, 1}), {2, 0}, Threshold(0), false).segmentation_map,
              ElementsAre(0));
  EXPECT_THAT(segment(logits, 1, plain({1, 1}), {2, 0}, Threshold(0), false).segmentation_map,
              ElementsAre(1));
}

TEST(SegmentTest, OfEqualLogitsTheFirstCounts) {
  EXPECT_THAT(segment_row({1, 2, 1, 2, 0, 2}, 3, {3, 2}, Threshold(0)).segmentation_map,
              ElementsAre(0, 0));
}

TEST(SegmentTest, AChannelPerClassOrPerClassWithoutTheBackground) {
  const std::vector<float> logits = {9, 0, 0, 0, 9, 0, 0, 0, 9};  // 3 channels, one pixel each.
  const auto classes = [&](SegmentClasses of) {
    return segment_row(logits, 3, of, Threshold(0)).segmentation_map;
  };
  EXPECT_THAT(classes({3, 0}), ElementsAre(0, 1, 2));
  EXPECT_THAT(classes({4, 0}), ElementsAre(1, 2, 3));
  EXPECT_THAT(classes({4, 1}), ElementsAre(0, 2, 3));
  EXPECT_THAT(classes({4, 3}), ElementsAre(0, 1, 2));
  EXPECT_THAT(classes({9, 1}), ElementsAre(0, 1, 2));
}

TEST(SegmentTest, OneChannelIsTheClassThatIsNotTheBackground) {
  const SemanticSegmentationResult found =
      segment_row({0, std::log(3.0F), -5}, 1, {2, 1}, Threshold(0.6F));
  EXPECT_THAT(found.segmentation_map, ElementsAre(1, 0, 1));
  EXPECT_THAT(found.confidence, near_to({0, 0.75F, 0}));
  EXPECT_THAT(segment_row({9}, 1, {2, 0}, Threshold(0)).segmentation_map, ElementsAre(1));
}

TEST(SegmentTest, BelowTheThresholdOfItsClassAPixelIsBackground) {
  // Confidences 0.5, 0.75 and 0.75.
  const float three = std::log(3.0F);
  const std::vector<float> logits = {0, three, 0, 0, 0, three};
  const auto classes = [&](const Threshold& threshold) {
    return segment_row(logits, 2, {3, 2}, threshold).segmentation_map;
  };
  EXPECT_THAT(classes(Threshold(0.5F)), ElementsAre(0, 0, 1)) << "equal is enough";
  EXPECT_THAT(classes(Threshold(0.6F)), ElementsAre(2, 0, 1));
  EXPECT_THAT(classes(Threshold({0.8F, 0.6F}, 0)), ElementsAre(2, 2, 1));
  EXPECT_THAT(classes(Threshold({0.6F, 0.8F}, 0)), ElementsAre(2, 0, 2));
  EXPECT_THAT(segment_row(logits, 2, {3, 2}, Threshold(0.6F)).confidence,
              near_to({0, 0.75F, 0.75F}));
}

TEST(SegmentTest, LargeLogitsDoNotOverflowAndNanIsBackground) {
  const SemanticSegmentationResult found = segment_row(
      {1000, kNan, 0, kInfinity, -kInfinity, 0, 0, kNan, 0, -kInfinity}, 2, {2, 0}, Threshold(0));
  EXPECT_THAT(found.confidence, ElementsAre(1, 0, 0, 0, 0));
  EXPECT_THAT(found.segmentation_map, ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(segment_row({-kInfinity, 0}, 2, {2, 0}, Threshold(0)).confidence, ElementsAre(1));
  EXPECT_THAT(segment_row({kNan}, 1, {2, 0}, Threshold(0)).segmentation_map, ElementsAre(0));
}

TEST(SegmentTest, WhatTheNetworkHasNotSeenIsBackground) {
  PreProcessingMetadata metadata = plain({1, 4});
  metadata.inference_size = {1, 2};
  metadata.pad_left = metadata.pad_right = -1;
  const HeadOutput logits = output({0, 0, 5, 5}, Shape{1, 2, 1, 2});
  const auto ours = segment(logits, 0, metadata, {2, 0}, Threshold(0.1F), false);
  EXPECT_THAT(ours.segmentation_map, ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(ours.confidence, near_to({0, 0.9933F, 0.9933F, 0}));
  // The reference takes the background's number for a logit of every class: all are as likely.
  const auto reference = segment(logits, 0, metadata, {2, 1}, Threshold(0.1F), true);
  EXPECT_THAT(reference.segmentation_map, ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(reference.confidence, near_to({0.5F, 0.9933F, 0.9933F, 0.5F}));
}

TEST(SegmentTest, AroundAStaticCropIsBackground) {
  PreProcessingMetadata metadata = plain({1, 2});
  metadata.original_size = {2, 4};
  metadata.static_crop_offset = {1, 1, 2, 1};
  const auto found =
      segment(output({5, 0, 0, 5}, Shape{1, 2, 1, 2}), 0, metadata, {3, 2}, Threshold(0), false);
  EXPECT_EQ(found.size, (ImageSize{2, 4}));
  EXPECT_THAT(found.segmentation_map, ElementsAre(2, 2, 2, 2, 2, 0, 1, 2));
}

TEST(SegmentTest, OtherShapesAreErrors) {
  for (const Shape& shape : {Shape{1, 4}, Shape{1, 2, 2}, Shape{1, 0, 2, 2}, Shape{1, 2, 0, 2},
                             Shape{1, 2, 2, 0}, Shape{1, 1, 1, 2, 2}}) {
    std::int64_t elements = 1;
    for (const std::int64_t dim : shape.dims()) {
      elements *= dim;
    }
    const HeadOutput other = output(std::vector<float>(static_cast<std::size_t>(elements)), shape);
    expect_error(ErrorCode::kCorruptedModel, {"'logits'", shape.to_string(), "images x channels"},
                 [&] {
                   segment(other, 0, plain({2, 2}), {2, 0}, Threshold(0), false);
                 });
  }
}

TEST(DepthTest, DepthsAreTheNetworks) {
  const std::vector<float> depths = {1, 2, 3, 4, 5, 6};
  const DepthMap of_four = depth_of(output(depths, Shape{1, 1, 2, 3}), 0, plain({2, 3}), false);
  EXPECT_EQ(of_four.depth, depths);
  EXPECT_EQ(of_four.size, (ImageSize{2, 3}));
  EXPECT_EQ(depth_of(output(depths, Shape{1, 2, 3}), 0, plain({2, 3}), false).depth, depths);
  EXPECT_THAT(depth_of(output(depths, Shape{2, 1, 3}), 1, plain({1, 3}), false).depth,
              ElementsAre(4, 5, 6));
}

TEST(DepthTest, ABorderIsCutAndTheRestResized) {
  PreProcessingMetadata metadata = plain({2, 4});
  metadata.inference_size = {8, 8};
  metadata.pad_top = metadata.pad_bottom = 2;
  const HeadOutput depths = output({90, 90, 1, 3, 5, 7, 90, 90}, Shape{1, 1, 4, 2});
  EXPECT_THAT(depth_of(depths, 0, metadata, false).depth,
              near_to({1, 1.5F, 2.5F, 3, 5, 5.5F, 6.5F, 7}));
}

TEST(DepthTest, WhatTheNetworkHasNotSeenIsZero) {
  PreProcessingMetadata metadata = plain({1, 3});
  metadata.inference_size = {1, 2};
  metadata.pad_right = -1;
  metadata.original_size = {2, 4};
  metadata.static_crop_offset = {0, 1, 3, 1};
  const HeadOutput depths = output({5, 6}, Shape{1, 1, 1, 2});
  EXPECT_THAT(depth_of(depths, 0, metadata, false).depth, ElementsAre(0, 0, 0, 0, 5, 6, 0, 0));
  // At half of the resolution the reference's zeros run into what it has seen.
  const HeadOutput coarse = output({5}, Shape{1, 1, 1, 1});
  metadata.pad_left = metadata.pad_right = -2;
  metadata.size_after_pre_processing = {1, 6};
  metadata.original_size = {1, 6};
  metadata.static_crop_offset = {0, 0, 6, 1};
  EXPECT_THAT(depth_of(coarse, 0, metadata, false).depth, ElementsAre(0, 0, 5, 5, 0, 0));
  EXPECT_THAT(depth_of(coarse, 0, metadata, true).depth,
              near_to({0, 1.25F, 3.75F, 3.75F, 1.25F, 0}));
}

TEST(DepthTest, OtherShapesAreErrors) {
  for (const Shape& shape : {Shape{1, 4}, Shape{1, 2, 2, 1}, Shape{1, 2, 0}, Shape{1, 1, 0, 2}}) {
    std::int64_t elements = 1;
    for (const std::int64_t dim : shape.dims()) {
      elements *= dim;
    }
    const HeadOutput other = output(std::vector<float>(static_cast<std::size_t>(elements)), shape);
    expect_error(ErrorCode::kCorruptedModel, {"'logits'", shape.to_string(), "images x 1 x rows"},
                 [&] {
                   depth_of(other, 0, plain({2, 2}), false);
                 });
  }
}

}  // namespace
}  // namespace replayrt::models
