#include "models/preprocess/pre_processor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

/// The reference's test image: every pixel (10, 20, 30).
Image flat(ImageSize size = {192, 168}) {
  Image image = Image::allocate(size);
  const auto pixels = image.pixels().as<std::uint8_t>();
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(10 * (i % 3 + 1));
  }
  return image;
}

/// Left half black, right half white.
Image halves(ImageSize size) {
  Image image = Image::allocate(size);
  const auto pixels = image.pixels().as<std::uint8_t>();
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const auto column = static_cast<std::int64_t>(i / 3) % size.width;
    pixels[i] = column < size.width / 2 ? 0 : 255;
  }
  return image;
}

PreProcessPlan plan(ResizeMode mode = ResizeMode::kStretch) {
  PreProcessPlan plan;
  plan.network.training_input_size = {64, 96};
  plan.network.resize_mode = mode;
  return plan;
}

PreProcessedImages run(const PreProcessPlan& plan, const Image& image,
                       const PredictOptions& options = {}) {
  const ImageView view = image.view();
  return PreProcessor(plan)(std::span(&view, 1), options);
}

float at(const Tensor& planes, std::int64_t channel, std::int64_t row, std::int64_t column) {
  const Shape& shape = planes.shape();
  return planes
      .as<float>()[static_cast<std::size_t>((channel * shape[2] + row) * shape[3] + column)];
}

TEST(PreProcessorTest, ColoursAreThoseOfTheNetwork) {
  PreProcessPlan rgb = plan();
  const Tensor swapped = run(rgb, flat()).images;
  EXPECT_EQ(swapped.shape(), Shape({1, 3, 64, 96}));
  EXPECT_EQ(at(swapped, 0, 5, 5), 30);
  EXPECT_EQ(at(swapped, 2, 5, 5), 10);
  rgb.network.color_mode = ColorFormat::kBgr;
  EXPECT_EQ(at(run(rgb, flat()).images, 0, 5, 5), 10);
  const Image image = flat();
  ImageView view = image.view();
  view.color = ColorFormat::kRgb;
  EXPECT_EQ(at(PreProcessor(rgb)(std::span(&view, 1), {}).images, 0, 5, 5), 30);
}

// Scaling 10, mean 2, standard deviation 6: the reference's own numbers, exact.
TEST(PreProcessorTest, ValuesAreScaledThenNormalised) {
  PreProcessPlan normalised = plan(ResizeMode::kLetterbox);
  normalised.network.scaling_factor = 10;
  normalised.network.normalization = {{2, 2, 2}, {6, 6, 6}};
  const Tensor planes = run(normalised, flat()).images;
  EXPECT_EQ(at(planes, 0, 5, 40), 1.0F / 6);
  EXPECT_EQ(at(planes, 1, 5, 40), 0);
  EXPECT_EQ(at(planes, 2, 5, 40), -1.0F / 6);
  EXPECT_EQ(at(planes, 1, 5, 0), -2.0F / 6);
}

TEST(PreProcessorTest, TheBorderMayBeWhatNoByteIs) {
  PreProcessPlan padded = plan(ResizeMode::kLetterbox);
  for (const std::int64_t value : {-1, 0, 114, 300}) {
    padded.network.padding_value = value;
    const Tensor planes = run(padded, flat()).images;
    EXPECT_EQ(at(planes, 0, 0, 19), static_cast<float>(value));
    EXPECT_EQ(at(planes, 0, 0, 20), 30);
    EXPECT_EQ(at(planes, 2, 63, 75), 10);
    EXPECT_EQ(at(planes, 2, 63, 76), static_cast<float>(value));
  }
}

TEST(PreProcessorTest, CenterCropsLieOnBlack) {
  PreProcessPlan cropped = plan(ResizeMode::kCenterCrop);
  cropped.network.padding_value = 114;
  cropped.network.training_input_size = {200, 170};
  const Tensor planes = run(cropped, flat()).images;
  EXPECT_EQ(at(planes, 0, 3, 50), 0);
  EXPECT_EQ(at(planes, 0, 4, 50), 30);
}

TEST(PreProcessorTest, EdgesAreReflectedUnlessTheReferencesAnswerIsWanted) {
  PreProcessPlan reflected = plan(ResizeMode::kLetterboxReflectEdges);
  EXPECT_EQ(at(run(reflected, flat()).images, 0, 5, 3), 30);
  reflected.reference_compatible = true;
  EXPECT_EQ(at(run(reflected, flat()).images, 0, 5, 3), 0);
}

TEST(PreProcessorTest, GreyWeighsTheColoursOfTheInput) {
  PreProcessPlan grey = plan();
  grey.steps.grayscale = true;
  EXPECT_EQ(at(run(grey, flat()).images, 0, 5, 5), 22);
  const Image image = flat();
  ImageView view = image.view();
  view.color = ColorFormat::kRgb;
  EXPECT_EQ(at(PreProcessor(grey)(std::span(&view, 1), {}).images, 2, 5, 5), 18);
  const PredictOptions off{.pre_processing_overrides = {.disable_grayscale = true}};
  EXPECT_EQ(at(run(grey, image, off).images, 0, 5, 5), 30);
}

TEST(PreProcessorTest, StaticCropsAreTakenFirst) {
  PreProcessPlan cropped = plan(ResizeMode::kLetterbox);
  cropped.steps.static_crop = {.x_min = 10, .x_max = 90, .y_min = 20, .y_max = 80};
  const PreProcessingMetadata metadata = run(cropped, flat({200, 100})).metadata[0];
  EXPECT_EQ(metadata.static_crop_offset,
            (PreProcessingMetadata::StaticCropOffset{10, 40, 80, 120}));
  EXPECT_EQ(metadata.original_size, (ImageSize{200, 100}));
  EXPECT_EQ(metadata.size_after_pre_processing, (ImageSize{120, 80}));
  const PredictOptions off{.pre_processing_overrides = {.disable_static_crop = true}};
  EXPECT_EQ(run(cropped, flat({200, 100}), off).metadata[0].size_after_pre_processing,
            (ImageSize{200, 100}));
  expect_error(ErrorCode::kModelInput, {"image 0", "1 x 1", "static crop"}, [&] {
    run(cropped, flat({1, 1}));
  });
}

TEST(PreProcessorTest, ContrastMayBeLeftOut) {
  PreProcessPlan stretched = plan();
  stretched.steps.contrast = ContrastType::kHistogramEqualization;
  const PredictOptions off{.pre_processing_overrides = {.disable_contrast_enhancement = true}};
  const Image image = flat();
  EXPECT_EQ(at(run(stretched, image, off).images, 0, 5, 5), 30);
  EXPECT_NE(at(run(stretched, image).images, 2, 5, 5), 10);
  EXPECT_EQ(image.view().data[0], 10) << "the caller's image was changed";
}

TEST(PreProcessorTest, PicturesAreTurnedUprightWhereThePackageSaysSo) {
  const Image image = halves({64, 96});
  ImageView view = image.view();
  view.orientation = Orientation::kRotated90;
  PreProcessPlan turned = plan();
  turned.network.training_input_size = {96, 64};
  const auto upper_left_and_lower_right = [&](const PreProcessPlan& with) {
    const PreProcessedImages batch = PreProcessor(with)(std::span(&view, 1), {});
    return std::pair(at(batch.images, 0, 0, 63), at(batch.images, 0, 95, 0));
  };
  EXPECT_EQ(upper_left_and_lower_right(turned), std::pair(255.0F, 0.0F));
  turned.steps.auto_orient = true;
  EXPECT_EQ(upper_left_and_lower_right(turned), std::pair(0.0F, 255.0F));
  EXPECT_EQ(PreProcessor(turned)(std::span(&view, 1), {}).metadata[0].original_size,
            (ImageSize{96, 64}));
  turned.reference_compatible = true;
  EXPECT_EQ(upper_left_and_lower_right(turned), std::pair(255.0F, 0.0F));
  turned.reference_compatible = false;
  view.orientation = static_cast<Orientation>(9);
  expect_error(ErrorCode::kModelInput, {"orientation 9"},
               [&] { upper_left_and_lower_right(turned); });
}

TEST(PreProcessorTest, EveryOrientationPutsTheCornerWhereExifSays) {
  // A white pixel in the stored upper left corner; where it is to be seen.
  const std::vector<std::pair<int, std::pair<int, int>>> corners = {
      {1, {0, 0}}, {2, {0, 95}}, {3, {95, 95}}, {4, {95, 0}},
      {5, {0, 0}}, {6, {0, 95}}, {7, {95, 95}}, {8, {95, 0}}};
  Image image = Image::allocate({96, 96});
  const auto pixels = image.pixels().as<std::uint8_t>();
  std::fill(pixels.begin(), pixels.end(), std::uint8_t{0});
  std::fill_n(pixels.begin(), 3, std::uint8_t{255});
  PreProcessPlan turned = plan();
  turned.network.training_input_size = {96, 96};
  turned.steps.auto_orient = true;
  for (const auto& [orientation, corner] : corners) {
    ImageView view = image.view();
    view.orientation = static_cast<Orientation>(orientation);
    const Tensor planes = PreProcessor(turned)(std::span(&view, 1), {}).images;
    EXPECT_EQ(at(planes, 0, corner.first, corner.second), 255) << orientation;
  }
}

TEST(PreProcessorTest, GreyAndTransparentPicturesHaveThreeChannels) {
  for (const std::int64_t channels : {1, 4}) {
    Image image = Image::allocate({20, 30}, channels);
    const auto pixels = image.pixels().as<std::uint8_t>();
    std::fill(pixels.begin(), pixels.end(), std::uint8_t{77});
    const Tensor planes = run(plan(), image).images;
    for (const std::int64_t channel : {0, 1, 2}) {
      EXPECT_EQ(at(planes, channel, 10, 10), 77);
    }
  }
}

TEST(PreProcessorTest, FusedBatchesAreBytesInTheNetworksOrder) {
  PreProcessPlan fused = plan(ResizeMode::kLetterbox);
  fused.fused = true;
  fused.network.padding_value = 114;
  const Image image = flat();
  ImageView view = image.view();
  for (const ColorFormat color : {ColorFormat::kBgr, ColorFormat::kRgb}) {
    view.color = color;
    const Tensor batch = PreProcessor(fused)(std::span(&view, 1), {}).images;
    ASSERT_EQ(batch.dtype(), DType::kU8);
    ASSERT_EQ(batch.shape(), Shape({1, 64, 96, 3}));
    const auto bytes = batch.as<std::uint8_t>();
    EXPECT_EQ(bytes[0], 114);
    EXPECT_EQ(bytes[40 * 3], color == ColorFormat::kBgr ? 30 : 10);
  }
}

TEST(PreProcessorTest, WhatTheNetworkCannotDoIsNotFused) {
  NetworkInput network;
  EXPECT_TRUE(can_fuse(network));
  network.padding_value = 256;
  EXPECT_FALSE(can_fuse(network));
  network.padding_value = -1;
  EXPECT_FALSE(can_fuse(network));
  network = {};
  network.input_channels = 1;
  EXPECT_FALSE(can_fuse(network));
}

TEST(PreProcessorTest, ABatchHasOneSize) {
  const Image wide = flat({64, 96});
  const Image narrow = flat({64, 48});
  const std::vector<ImageView> views = {wide.view(), narrow.view()};
  const PreProcessedImages batch = PreProcessor(plan())(views, {});
  EXPECT_EQ(batch.images.shape(), Shape({2, 3, 64, 96}));
  EXPECT_EQ(batch.metadata[1].scale_width, 2);
  expect_error(ErrorCode::kModelInput, {"image 1", "64 x 48", "fit-longer-edge"},
               [&] { (void)PreProcessor(plan(ResizeMode::kFitLongerEdge))(views, {}); });
  expect_error(ErrorCode::kModelInput, {"no images"},
               [] { (void)PreProcessor(plan())(std::span<const ImageView>(), {}); });
}

TEST(PreProcessorTest, AnotherSizeMayBeAskedFor) {
  PreProcessPlan dynamic = plan();
  dynamic.network.dynamic_spatial_size = {.supported = true, .divisor = 32};
  PredictOptions options{.image_size = ImageSize{33, 64}};
  EXPECT_EQ(run(dynamic, flat(), options).images.shape(), Shape({1, 3, 64, 64}));
  options.image_size = ImageSize{0, 5};
  expect_error(ErrorCode::kInvalidParameter, {"image_size is 0 x 5"},
               [&] { run(dynamic, flat(), options); });
}

TEST(PreProcessorTest, ImagesThatAreNoneAreNamedByTheirPosition) {
  const Image image = flat();
  const std::vector<ImageView> views = {image.view(), ImageView{}};
  expect_error(ErrorCode::kModelInput, {"image 1 has no pixels"},
               [&] { (void)PreProcessor(plan())(views, {}); });
}

TEST(PreProcessorTest, NetworksTakeThreeChannels) {
  PreProcessPlan grey = plan();
  grey.network.input_channels = 1;
  expect_error(ErrorCode::kModelRuntime, {"input_channels is 1"}, [&] { PreProcessor{grey}; });
}

TEST(PreProcessorTest, RfDetrResizesTwiceWhereTheDatasetKeptTheRatio) {
  PreProcessPlan pillow = plan(ResizeMode::kLetterbox);
  pillow.resampling = Resampling::kPillow;
  pillow.network.dataset_version_resize_dimensions = ImageSize{128, 96};
  const PreProcessingMetadata two_steps = run(pillow, flat()).metadata[0];
  EXPECT_EQ(two_steps.nonsquare_intermediate_size, (ImageSize{128, 96}));
  EXPECT_EQ(two_steps.inference_size, (ImageSize{64, 96}));
  EXPECT_EQ(two_steps.pad_top, 9);  // 168 to 96 wide, so 109 of 128 rows.
  pillow.network.dataset_version_resize_dimensions = {};
  const PreProcessingMetadata boxed = run(pillow, flat()).metadata[0];
  EXPECT_EQ(boxed.nonsquare_intermediate_size, (ImageSize{64, 96}));
  EXPECT_EQ(boxed.pad_left, 20);
  pillow.reference_compatible = true;
  const PreProcessingMetadata stretched = run(pillow, flat()).metadata[0];
  EXPECT_EQ(stretched.nonsquare_intermediate_size, std::nullopt);
  EXPECT_EQ(stretched.pad_left, 0);
}

TEST(PreProcessorTest, RfDetrScalesBeforeItNormalises) {
  NetworkInput network;
  network.scaling_factor = 10;
  EXPECT_EQ(value_table(network, Resampling::kOpenCv)[0][20], 2);
  EXPECT_FLOAT_EQ(value_table(network, Resampling::kPillow)[0][20], 2);
  network.normalization = {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}};
  EXPECT_EQ(value_table(network, Resampling::kOpenCv)[0][20], 6);
  EXPECT_FLOAT_EQ(value_table(network, Resampling::kPillow)[0][255], 2);
}

PreProcessPlan text_page_plan() {
  PreProcessPlan plan;
  plan.network.color_mode = ColorFormat::kBgr;
  plan.network.multiplier = 1.0 / 255;
  plan.network.normalization = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
  plan.text_page = TextDetectionConfig{.limit_side_len = 64};
  return plan;
}

TEST(PreProcessorTest, PagesOfTextBecomeMultiplesOf32) {
  const PreProcessedImages page = run(text_page_plan(), flat({30, 100}));
  EXPECT_EQ(page.images.shape(), Shape({1, 3, 64, 224}));
  EXPECT_EQ(at(page.images, 0, 5, 5), (10.0F * (1.0F / 255) - 0.5F) / 0.5F);
  EXPECT_EQ(page.metadata[0].original_size, (ImageSize{30, 100}));
  EXPECT_EQ(page.metadata[0].inference_size, (ImageSize{64, 224}));
  EXPECT_DOUBLE_EQ(page.metadata[0].scale_width, 2.24);
}

TEST(PreProcessorTest, PagesOfSeveralSizesMakeNoBatch) {
  const PreProcessor pre_processor(text_page_plan());
  const Image first = flat({64, 64});
  const Image second = flat({64, 200});
  std::vector<ImageView> views = {first.view(), first.view()};
  EXPECT_EQ(pre_processor(views, {}).images.shape(), Shape({2, 3, 64, 64}));
  views[1] = second.view();
  expect_error(ErrorCode::kModelInput,
               {"image 1 becomes 64 x 192", "image 0 64 x 64", "predict runs them one by one"},
               [&] { (void)pre_processor(views, {}); });
  const Image thin = flat({1, 300'000});
  const ImageView view = thin.view();
  expect_error(ErrorCode::kModelInput, {"image 7 is 1 x 300000", "at most 16777216 pixels"},
               [&] { (void)pre_processor(std::span(&view, 1), {}, 7); });
}

TEST(PreProcessorTest, LinesOfTextShareTheWidthOfTheWidest) {
  PreProcessPlan plan;
  plan.network.color_mode = ColorFormat::kBgr;
  plan.network.scaling_factor = 255;
  plan.network.normalization = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
  plan.text_line = ImageSize{8, 16};
  const PreProcessor pre_processor(plan);
  const Image narrow = flat({4, 5});
  const Image wide = flat({4, 20});
  const std::vector<ImageView> views = {narrow.view(), wide.view()};
  const PreProcessedImages lines = pre_processor(views, {});
  ASSERT_EQ(lines.images.shape(), Shape({2, 3, 8, 40}));
  const float blue = (10.0F / 255 - 0.5F) / 0.5F;
  EXPECT_EQ(at(lines.images, 0, 7, 9), blue);
  EXPECT_EQ(at(lines.images, 0, 7, 10), 0) << "right of the line";
  EXPECT_EQ(at(lines.images, 2, 7, 39), 0);
  EXPECT_EQ(at(lines.images, 3, 7, 39), blue) << "channel 0 of the second";
  EXPECT_EQ(lines.metadata[0].pad_right, 30);
  EXPECT_EQ(lines.metadata[1].pad_right, 0);
  EXPECT_EQ(pre_processor(std::span(views).first(1), {}).images.shape(), Shape({1, 3, 8, 16}))
      << "the least width";
}

TEST(PreProcessorTest, ImageSizeMeansNothingToText) {
  PreProcessPlan plan = text_page_plan();
  expect_error(ErrorCode::kInvalidParameter, {"image_size"}, [&] {
    run(plan, flat(), {.image_size = ImageSize{64, 64}});
  });
  plan.reference_compatible = true;
  EXPECT_EQ(run(plan, flat(), {.image_size = ImageSize{64, 64}}).images.shape(),
            Shape({1, 3, 192, 160}));
}

}  // namespace
}  // namespace replayrt::models
