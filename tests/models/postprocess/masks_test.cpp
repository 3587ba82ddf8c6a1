#include "models/postprocess/masks.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

using Pixels = std::vector<std::uint8_t>;

HeadOutput output_of(const std::vector<float>& values, const Shape& shape, std::string name) {
  return {Tensor::copy_of(view_of(std::span<const float>(values), shape)), std::move(name)};
}

/// A picture of 8 x 8 on a canvas as large, of which four pixels are an element of the map.
PreProcessingMetadata metadata_of(std::int64_t side = 8) {
  const ImageSize size{side, side};
  PreProcessingMetadata metadata;
  metadata.original_size = size;
  metadata.size_after_pre_processing = size;
  metadata.inference_size = size;
  return metadata;
}

Candidate box(float left, float top, float right, float bottom, std::int64_t row = 0) {
  return {.left = left, .top = top, .right = right, .bottom = bottom, .row = row};
}

TEST(MixedMasksTest, PrototypesAreAddedByTheirCoefficients) {
  // 1 + 2 * p: of two rows the second one's coefficients, which are the last two columns.
  const HeadOutput rows = output_of({9, 0, 0, 9, 1, 2}, Shape{1, 2, 3}, "output0");
  const HeadOutput prototypes =
      output_of({1, 1, 1, 1, 0, -1, -0.4F, -0.6F}, Shape{1, 2, 2, 2}, "p");
  const auto found =
      with_mixed_masks({box(0, 0, 8, 8, 1)}, {&rows, 1, 3, 1}, prototypes, PrototypeAxis::kFirst, 0,
                       metadata_of(), {.resolution_factor = 0});
  EXPECT_EQ(found.mask.at(0).decode(), (Pixels{1, 0, 1, 0}));
  EXPECT_EQ(found.xyxy.at(0), (std::array<std::int32_t, 4>{0, 0, 8, 8}));
}

TEST(MixedMasksTest, CoefficientsMayLieInColumns) {
  const HeadOutput channels = output_of({9, 9, 0, 1, 0, 2}, Shape{1, 3, 2}, "output0");
  const HeadOutput prototypes =
      output_of({1, 1, 1, 1, 0, -1, -0.4F, -0.6F}, Shape{1, 2, 2, 2}, "p");
  const auto found =
      with_mixed_masks({box(0, 0, 8, 8, 1)}, {&channels, 2, 1, 2}, prototypes,
                       PrototypeAxis::kFirst, 0, metadata_of(), {.resolution_factor = 0});
  EXPECT_EQ(found.mask.at(0).decode(), (Pixels{1, 0, 1, 0}));
}

TEST(MixedMasksTest, PrototypesMayBeCountedByTheLastAxis) {
  const HeadOutput rows = output_of({1, 2}, Shape{1, 1, 2}, "output0");
  const HeadOutput prototypes =
      output_of({1, 0, 1, -1, 1, -0.4F, 1, -0.6F}, Shape{1, 2, 2, 2}, "p");
  const auto found =
      with_mixed_masks({box(0, 0, 8, 8)}, {&rows, 0, 2, 1}, prototypes, PrototypeAxis::kLast, 0,
                       metadata_of(), {.resolution_factor = 0});
  EXPECT_EQ(found.mask.at(0).decode(), (Pixels{1, 0, 1, 0}));
}

TEST(MixedMasksTest, BeyondTheBoxNothingIsSet) {
  // The reference's own vector: a box of (2, 6, 10, 14) is columns 0 and 1, rows 2 and 3.
  const HeadOutput rows = output_of({1}, Shape{1, 1, 1}, "output0");
  const HeadOutput prototypes = output_of(std::vector<float>(16, 1.0F), Shape{1, 1, 4, 4}, "p");
  const auto found =
      with_mixed_masks({box(2, 6, 10, 14)}, {&rows, 0, 1, 1}, prototypes, PrototypeAxis::kFirst, 0,
                       metadata_of(16), {.resolution_factor = 0});
  EXPECT_EQ(found.mask.at(0).decode(), (Pixels{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0}));
}

TEST(MixedMasksTest, TheMapDecidesWhatIsWithinTheBox) {
  // Eight pixels of the canvas are an element; the reference always takes four.
  const HeadOutput rows = output_of({1}, Shape{1, 1, 1}, "output0");
  const HeadOutput prototypes = output_of(std::vector<float>(16, 1.0F), Shape{1, 1, 4, 4}, "p");
  const auto mask = [&](bool reference_compatible) {
    return with_mixed_masks({box(0, 0, 8, 16)}, {&rows, 0, 1, 1}, prototypes, PrototypeAxis::kFirst,
                            0, metadata_of(32),
                            {.resolution_factor = 0, .reference_compatible = reference_compatible})
        .mask.at(0)
        .decode();
  };
  EXPECT_EQ(mask(false), (Pixels{1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(mask(true), (Pixels{1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0}));
}

TEST(MixedMasksTest, SmoothingChangesWhereAnEdgeLies) {
  const HeadOutput rows = output_of({1}, Shape{1, 1, 1}, "output0");
  const HeadOutput prototypes = output_of({8, -1, 8, -1}, Shape{1, 1, 2, 2}, "p");
  const auto area = [&](const MaskSettings& settings) {
    return with_mixed_masks({box(0, 0, 8, 8)}, {&rows, 0, 1, 1}, prototypes, PrototypeAxis::kFirst,
                            0, metadata_of(), settings)
        .mask.at(0)
        .area();
  };
  // Logits fall from 8 to -1, probabilities from 1.00 to 0.27; both over four pixels.
  EXPECT_EQ(area({.smooth = true, .threshold = 0.5F}), 5 * 8);
  EXPECT_EQ(area({.smooth = false, .threshold = 0}), 6 * 8);
  EXPECT_EQ(area({.smooth = true, .threshold = 0.2F}), 8 * 8);
}

TEST(MixedMasksTest, BoxesBeyondTheCanvasAndInfiniteOnesAreCut) {
  const HeadOutput rows = output_of({1}, Shape{1, 1, 1}, "output0");
  const HeadOutput prototypes = output_of({1, 1, 1, 1}, Shape{1, 1, 2, 2}, "p");
  const auto found = with_mixed_masks(
      {box(-INFINITY, -50, 4, 90), box(20, 20, 30, 30), box(6, 6, 2, 2)}, {&rows, 0, 1, 1},
      prototypes, PrototypeAxis::kFirst, 0, metadata_of(), {.resolution_factor = 0});
  EXPECT_EQ(found.mask.at(0).decode(), (Pixels{1, 0, 1, 0}));
  EXPECT_EQ(found.mask.at(1).area(), 0);
  EXPECT_EQ(found.mask.at(2).area(), 0);
}

TEST(MixedMasksTest, OtherShapesAreRefusedByName) {
  expect_error(ErrorCode::kCorruptedModel, {"output 'protos'", "images x prototypes"}, [] {
    (void)prototype_count(output_of({1, 1}, Shape{1, 2}, "protos"), PrototypeAxis::kFirst);
  });
  EXPECT_EQ(prototype_count(output_of(std::vector<float>(24), Shape{1, 2, 3, 4}, "p"),
                            PrototypeAxis::kFirst),
            2);
  EXPECT_EQ(prototype_count(output_of(std::vector<float>(24), Shape{1, 2, 3, 4}, "p"),
                            PrototypeAxis::kLast),
            4);
}

TEST(GivenMasksTest, EachBoxHasItsRowsMaskNotCutToTheBox) {
  const HeadOutput masks = output_of({-1, -1, -1, -1, 1, -1, -1, 1}, Shape{1, 2, 2, 2}, "masks");
  const auto found = with_given_masks({box(0, 0, 1, 1, 1), box(0, 0, 8, 8, 0)}, masks, 2, 0,
                                      metadata_of(), {.resolution_factor = 0});
  EXPECT_EQ(found.mask.at(0).decode(), (Pixels{1, 0, 0, 1}));
  EXPECT_EQ(found.mask.at(1).area(), 0);
}

TEST(GivenMasksTest, OtherShapesAreRefusedByName) {
  const HeadOutput masks = output_of({1, 1, 1, 1}, Shape{1, 1, 2, 2}, "masks");
  expect_error(ErrorCode::kCorruptedModel, {"output 'masks'", "images x 3 x rows x columns"},
               [&] { (void)with_given_masks({}, masks, 3, 0, metadata_of(), {}); });
}

}  // namespace
}  // namespace replayrt::models
