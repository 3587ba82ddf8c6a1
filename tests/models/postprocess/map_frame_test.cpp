#include "models/postprocess/map_frame.hpp"

#include <gtest/gtest.h>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

/// What pre-processing records of a picture; the crop is none.
PreProcessingMetadata metadata(ResizeMode mode, ImageSize picture, ImageSize network) {
  PreProcessingMetadata result = metadata_of(mode, picture, network, place(mode, picture, network));
  result.original_size = picture;
  result.static_crop_offset = {0, 0, picture.width, picture.height};
  return result;
}

PreProcessingMetadata cropped(PreProcessingMetadata of, std::int64_t x, std::int64_t y,
                              ImageSize original) {
  const ImageSize size = of.size_after_pre_processing;
  of.static_crop_offset = {x, y, size.width, size.height};
  of.original_size = original;
  return of;
}

TEST(MapFrameTest, TheBorderIsLeftOutInElementsOfTheMap) {
  // 160 x 40 becomes 96 x 24, with 20 rows above and below.
  const PreProcessingMetadata wide = metadata(ResizeMode::kLetterbox, {40, 160}, {64, 96});
  const MapFrame whole = map_frame({64, 96}, wide, false);
  EXPECT_EQ(whole.source, (Region{0, 20, {24, 96}}));
  EXPECT_EQ(whole.target, (Region{0, 0, {40, 160}}));
  EXPECT_EQ(whole.size, (ImageSize{40, 160}));
  // 20 / 8 = 2.5 rows: halves go to the even neighbour.
  EXPECT_EQ(map_frame({8, 12}, wide, false).source, (Region{0, 2, {4, 12}}));
  // 20 * 3 / 8 = 7.5.
  EXPECT_EQ(map_frame({24, 36}, wide, false).source, (Region{0, 8, {8, 36}}));

  const PreProcessingMetadata tall = metadata(ResizeMode::kLetterbox, {160, 40}, {64, 96});
  EXPECT_EQ(map_frame({64, 96}, tall, false).source, (Region{40, 0, {64, 16}}));
  EXPECT_EQ(map_frame({64, 96}, tall, true).source, (Region{40, 0, {64, 16}}));
}

TEST(MapFrameTest, AStretchedPictureIsTheWholeMap) {
  const MapFrame frame =
      map_frame({8, 12}, metadata(ResizeMode::kStretch, {30, 50}, {64, 96}), false);
  EXPECT_EQ(frame, (MapFrame{{0, 0, {8, 12}}, {0, 0, {30, 50}}, {30, 50}}));
}

TEST(MapFrameTest, SomethingIsLeftOfAStripe) {
  // One pixel of 64: 31 rows above, 32 below, which are all 8 rows of the map.
  const PreProcessingMetadata stripe = metadata(ResizeMode::kLetterbox, {1, 10000}, {64, 96});
  EXPECT_EQ(map_frame({8, 12}, stripe, false).source, (Region{0, 4, {1, 12}}));
  EXPECT_EQ(map_frame({1, 1}, stripe, false).source, (Region{0, 0, {1, 1}}));
}

TEST(MapFrameTest, WhatTheNetworkHasNotSeenIsNoPartOfTheTarget) {
  // Columns 17 to 112 and rows 32 to 95 of 130 x 128.
  const PreProcessingMetadata both = metadata(ResizeMode::kCenterCrop, {128, 130}, {64, 96});
  const MapFrame frame = map_frame({8, 12}, both, false);
  EXPECT_EQ(frame.source, (Region{0, 0, {8, 12}}));
  EXPECT_EQ(frame.target, (Region{17, 32, {64, 96}}));
  EXPECT_EQ(frame.size, (ImageSize{128, 130}));
  // Smaller on one side, larger on the other.
  const PreProcessingMetadata mixed = metadata(ResizeMode::kCenterCrop, {128, 64}, {64, 96});
  EXPECT_EQ(map_frame({8, 12}, mixed, false),
            (MapFrame{{2, 0, {8, 8}}, {0, 32, {64, 64}}, {128, 64}}));
  EXPECT_EQ(map_frame({8, 12}, mixed, true),
            (MapFrame{{2, -4, {16, 8}}, {0, 0, {128, 64}}, {128, 64}}))
      << "the reference's map reaches beyond the network's";
}

TEST(MapFrameTest, ACroppedPictureLiesWhereItWas) {
  const PreProcessingMetadata crop =
      cropped(metadata(ResizeMode::kStretch, {30, 50}, {64, 96}), 7, 11, {100, 200});
  for (const bool compatible : {false, true}) {
    EXPECT_EQ(map_frame({8, 12}, crop, compatible),
              (MapFrame{{0, 0, {8, 12}}, {7, 11, {30, 50}}, {100, 200}}));
  }
  const PreProcessingMetadata corner =
      cropped(metadata(ResizeMode::kStretch, {30, 50}, {64, 96}), 0, 0, {100, 200});
  EXPECT_EQ(map_frame({8, 12}, corner, false).size, (ImageSize{100, 200}));
  EXPECT_EQ(map_frame({8, 12}, corner, true).size, (ImageSize{30, 50}));
  const PreProcessingMetadata side =
      cropped(metadata(ResizeMode::kStretch, {30, 50}, {64, 96}), 1, 0, {100, 200});
  EXPECT_EQ(map_frame({8, 12}, side, true).size, (ImageSize{100, 200}));
}

TEST(MapFrameTest, MetadataThatContradictItselfIsRefused) {
  const PreProcessingMetadata sound =
      cropped(metadata(ResizeMode::kCenterCrop, {128, 130}, {64, 96}), 7, 11, {200, 200});
  map_frame({8, 12}, sound, false);
  const auto expect_refused = [&](const auto& change) {
    PreProcessingMetadata changed = sound;
    change(changed);
    expect_error(ErrorCode::kModelInput, {"metadata", "pre_process"}, [&] {
      map_frame({8, 12}, changed, false);
    });
  };
  expect_refused([](auto& of) { of.static_crop_offset.offset_x = 71; });
  expect_refused([](auto& of) { of.static_crop_offset.offset_y = -1; });
  expect_refused([](auto& of) { of.original_size.height = 138; });
  expect_refused([](auto& of) { of.size_after_pre_processing.width = 0; });
  expect_refused([](auto& of) { of.inference_size = {}; });
  expect_refused([](auto& of) { of.pad_top = -96; });
  expect_refused([](auto& of) { of.pad_right = std::int64_t{1} << 40; });
}

}  // namespace
}  // namespace replayrt::models
