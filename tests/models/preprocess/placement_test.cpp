#include "models/preprocess/placement.hpp"

#include <gtest/gtest.h>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

PreProcessingMetadata metadata(ResizeMode mode, ImageSize image, ImageSize wanted) {
  return metadata_of(mode, image, wanted, place(mode, image, wanted));
}

void expect_pads(const PreProcessingMetadata& metadata, std::int64_t left, std::int64_t top,
                 std::int64_t right, std::int64_t bottom) {
  EXPECT_EQ(metadata.pad_left, left);
  EXPECT_EQ(metadata.pad_top, top);
  EXPECT_EQ(metadata.pad_right, right);
  EXPECT_EQ(metadata.pad_bottom, bottom);
}

// The numbers are those of the reference's own tests: spec, section 5.
constexpr ImageSize kImage{192, 168};
constexpr ImageSize kWanted{64, 96};

TEST(PlacementTest, StretchTakesBothSides) {
  const PreProcessingMetadata stretched = metadata(ResizeMode::kStretch, kImage, kWanted);
  EXPECT_DOUBLE_EQ(stretched.scale_width, 96.0 / 168);
  EXPECT_DOUBLE_EQ(stretched.scale_height, 64.0 / 192);
  expect_pads(stretched, 0, 0, 0, 0);
  EXPECT_EQ(stretched.inference_size, kWanted);
}

TEST(PlacementTest, LetterboxKeepsTheRatioInTheMiddle) {
  const Placement placement = place(ResizeMode::kLetterbox, kImage, kWanted);
  EXPECT_EQ(placement.target, (Region{20, 0, {64, 56}}));
  const PreProcessingMetadata boxed = metadata(ResizeMode::kLetterbox, kImage, kWanted);
  EXPECT_DOUBLE_EQ(boxed.scale_width, 1.0 / 3);
  EXPECT_DOUBLE_EQ(boxed.scale_height, 1.0 / 3);
  expect_pads(boxed, 20, 0, 20, 0);
  EXPECT_EQ(metadata(ResizeMode::kLetterboxReflectEdges, kImage, kWanted), boxed);
}

TEST(PlacementTest, LetterboxAfterACrop) {
  const PreProcessingMetadata boxed = metadata(ResizeMode::kLetterbox, {120, 80}, kWanted);
  EXPECT_DOUBLE_EQ(boxed.scale_width, 64.0 / 120);
  expect_pads(boxed, 27, 0, 27, 0);
}

TEST(PlacementTest, TruncationLosesAPixelWhereTheReferenceDoes) {
  for (const std::int64_t width : {77, 154, 303, 308, 319, 581, 606}) {
    EXPECT_EQ(place(ResizeMode::kLetterbox, {width / 2, width}, {640, 640}).target.size.width, 639);
  }
  EXPECT_EQ(place(ResizeMode::kLetterbox, {600, 800}, {640, 640}).target.size,
            (ImageSize{480, 640}));
}

TEST(PlacementTest, ASideKeepsOnePixel) {
  EXPECT_EQ(place(ResizeMode::kLetterbox, {1, 10000}, {640, 640}).target.size, (ImageSize{1, 640}));
  EXPECT_EQ(place(ResizeMode::kLetterbox, {10000, 1}, {640, 640}).target.size, (ImageSize{640, 1}));
  EXPECT_EQ(place(ResizeMode::kFitLongerEdge, {1, 10000}, {640, 640}).canvas, (ImageSize{1, 640}));
}

TEST(PlacementTest, CenterCropCutsOrFills) {
  expect_pads(metadata(ResizeMode::kCenterCrop, kImage, {292, 268}), 50, 50, 50, 50);
  expect_pads(metadata(ResizeMode::kCenterCrop, {192, 169}, {292, 100}), -34, 50, -35, 50);
  const PreProcessingMetadata mixed = metadata(ResizeMode::kCenterCrop, kImage, {100, 268});
  expect_pads(mixed, 50, -46, 50, -46);
  EXPECT_EQ(mixed.scale_width, 1);
  EXPECT_EQ(mixed.inference_size, (ImageSize{100, 268}));
  const Placement odd = place(ResizeMode::kCenterCrop, {1, 11}, {1, 8});
  EXPECT_EQ(odd.source, (Region{1, 0, {1, 8}}));
  expect_pads(metadata(ResizeMode::kCenterCrop, {1, 11}, {1, 8}), -1, 0, -2, 0);
}

TEST(PlacementTest, FitLongerEdgeRoundsHalvesToEven) {
  const PreProcessingMetadata fitted = metadata(ResizeMode::kFitLongerEdge, kImage, kWanted);
  EXPECT_EQ(fitted.inference_size, (ImageSize{64, 56}));
  EXPECT_DOUBLE_EQ(fitted.scale_width, 56.0 / 168);
  // 0.5 * 5 = 2.5 and 0.5 * 7 = 3.5.
  EXPECT_EQ(place(ResizeMode::kFitLongerEdge, {5, 20}, {10, 10}).canvas, (ImageSize{2, 10}));
  EXPECT_EQ(place(ResizeMode::kFitLongerEdge, {7, 20}, {10, 10}).canvas, (ImageSize{4, 10}));
  EXPECT_EQ(place(ResizeMode::kFitLongerEdge, {20, 7}, {10, 10}).canvas, (ImageSize{10, 4}));
}

TEST(PlacementTest, CropsTruncateBothEnds) {
  const ImagePreProcessing::StaticCrop crop{.x_min = 10, .x_max = 90, .y_min = 20, .y_max = 80};
  EXPECT_EQ(crop_region(crop, {200, 100}), (Region{10, 40, {120, 80}}));
  EXPECT_EQ(crop_region(crop, {7, 9}), (Region{0, 1, {4, 8}}));
  EXPECT_EQ(crop_region(crop, {1, 1}).size, (ImageSize{0, 0}));
}

TEST(PlacementTest, TheTrainingSizeIsWantedUnlessAnotherIsAsked) {
  NetworkInput network;
  network.training_input_size = {64, 96};
  EXPECT_EQ(wanted_size(network, std::nullopt, {5, 6}), (ImageSize{64, 96}));
  EXPECT_EQ(wanted_size(network, ImageSize{13, 20}, {5, 6}), (ImageSize{64, 96}));
  network.dynamic_spatial_size = {.supported = true, .divisor = 32};
  EXPECT_EQ(wanted_size(network, ImageSize{65, 96}, {5, 6}), (ImageSize{96, 96}));
  EXPECT_EQ(wanted_size(network, ImageSize{64, 96}, {5, 6}), (ImageSize{64, 96}));
  network.dynamic_spatial_size.divisor = 1;
  EXPECT_EQ(wanted_size(network, ImageSize{13, 20}, {5, 6}), (ImageSize{13, 20}));
  network.training_input_size = {};
  EXPECT_EQ(wanted_size(network, std::nullopt, {5, 6}), (ImageSize{5, 6}));
}

TEST(PlacementTest, SizesThatThePackageDoesNotDescribeAreErrors) {
  NetworkInput network;
  network.training_input_size = {64, 96};
  network.dynamic_spatial_size = {.supported = true, .divisor = 0};
  EXPECT_EQ(wanted_size(network, ImageSize{64, 96}, {5, 6}), (ImageSize{64, 96}));
  expect_error(ErrorCode::kModelRuntime, {"dynamic_spatial_size_mode"}, [&] {
    (void)wanted_size(network, ImageSize{32, 32}, {5, 6});
  });
}

}  // namespace
}  // namespace replayrt::models
