#include "predict_params.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "error.hpp"

namespace replayrt::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

PredictParams parsed(const std::vector<std::string>& texts) {
  PredictParams params;
  for (const std::string& text : texts) {
    parse_param(text, params);
  }
  return params;
}

TEST(PredictParamsTest, NothingGivenIsTheDefault) {
  const PredictOptions options = parsed({}).options;
  EXPECT_FALSE(options.confidence.threshold() || options.confidence.is_best());
  EXPECT_FALSE(options.iou_threshold || options.max_detections || options.class_agnostic_nms);
  EXPECT_FALSE(options.image_size);
}

TEST(PredictParamsTest, ReadsConfidence) {
  EXPECT_EQ(parsed({"confidence=0.25"}).options.confidence.threshold(), 0.25);
  EXPECT_EQ(parsed({"confidence=1"}).options.confidence.threshold(), 1.0);
  EXPECT_TRUE(parsed({"confidence=best"}).options.confidence.is_best());
  EXPECT_FALSE(parsed({"confidence=default"}).options.confidence.threshold());
}

TEST(PredictParamsTest, ReadsWhatSuppressionTakes) {
  const PredictParams params =
      parsed({"iou_threshold=0.5", "max_detections=7", "class_agnostic_nms=true"});
  EXPECT_EQ(params.options.iou_threshold, 0.5);
  EXPECT_EQ(params.options.max_detections, 7);
  EXPECT_EQ(params.options.class_agnostic_nms, true);
  EXPECT_THAT(params.given, ElementsAre("iou_threshold", "max_detections", "class_agnostic_nms"));
  EXPECT_EQ(parsed({"class_agnostic_nms=0"}).options.class_agnostic_nms, false);
}

TEST(PredictParamsTest, ReadsWhatMasksTake) {
  const PredictOptions options =
      parsed({"masks_smoothing_enabled=false", "masks_binarization_threshold=-1.5",
              "masks_resolution_factor=0.5"})
          .options;
  EXPECT_EQ(options.masks_smoothing_enabled, false);
  EXPECT_EQ(options.masks_binarization_threshold, -1.5);
  EXPECT_EQ(options.masks_resolution_factor, 0.5);
}

TEST(PredictParamsTest, ReadsTheThresholdOfKeyPoints) {
  EXPECT_FALSE(parsed({}).options.key_points_threshold);
  EXPECT_EQ(parsed({"key_points_threshold=0.25"}).options.key_points_threshold, 0.25);
}

TEST(PredictParamsTest, ReadsSizes) {
  EXPECT_EQ(parsed({"image_size=320"}).options.image_size, (ImageSize{320, 320}));
  EXPECT_EQ(parsed({"image_size=320x640"}).options.image_size, (ImageSize{320, 640}));
}

TEST(PredictParamsTest, ReadsWhatIsLeftOut) {
  const PredictOptions options =
      parsed({"disable_cuda_graphs=1", "disable_contrast_enhancement=true", "disable_grayscale=0",
              "disable_static_crop=1"})
          .options;
  EXPECT_TRUE(options.disable_cuda_graphs);
  EXPECT_TRUE(options.pre_processing_overrides.disable_contrast_enhancement);
  EXPECT_FALSE(options.pre_processing_overrides.disable_grayscale);
  EXPECT_TRUE(options.pre_processing_overrides.disable_static_crop);
  EXPECT_TRUE(parsed({"disable_grayscale=1"}).options.pre_processing_overrides.disable_grayscale);
}

TEST(PredictParamsTest, BadValuesNameParameterAndExpectation) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"confidence=", "--param confidence: expected a number from 0 to 1, default or best, got ''"},
      {"confidence=nan", "--param confidence"},
      {"confidence=1.5", "--param confidence"},
      {"confidence=0.5x", "--param confidence"},
      {"key_points_threshold=2",
       "--param key_points_threshold: expected a number from 0 to 1, got '2'"},
      {"iou_threshold=best", "--param iou_threshold: expected a number from 0 to 1, got 'best'"},
      {"iou_threshold=-0.1", "--param iou_threshold"},
      {"max_detections=-1", "--param max_detections: expected a whole number of at least 0"},
      {"max_detections=1.5", "--param max_detections"},
      {"class_agnostic_nms=yes", "--param class_agnostic_nms: expected true, false, 1 or 0"},
      {"masks_smoothing_enabled=2", "--param masks_smoothing_enabled: expected true, false"},
      {"masks_binarization_threshold=inf",
       "--param masks_binarization_threshold: expected a number, got 'inf'"},
      {"masks_resolution_factor=1.1",
       "--param masks_resolution_factor: expected a number from 0 to 1, got '1.1'"},
      {"mask_format=dense",
       "--param mask_format: does not apply, masks are always lengths of runs"},
      {"image_size=0", "--param image_size"},
      {"image_size=1x2x3", "--param image_size: expected N or HEIGHTxWIDTH, got '1x2x3'"},
      {"image_size=64x", "--param image_size"},
      {"disable_cuda_graphs=", "--param disable_cuda_graphs"},
      {"input_color_format=rgb", "--param input_color_format: does not apply to files"},
      {"confidence", "--param: expected NAME=VALUE, got 'confidence'"},
      {"=1", "--param: unknown parameter ''"}};
  for (const auto& [text, message] : cases) {
    EXPECT_THAT([&] { parsed({text}); }, ThrowsMessage<UsageError>(HasSubstr(message))) << text;
  }
}

TEST(PredictParamsTest, UnknownNamesListTheKnownOnes) {
  EXPECT_THAT(
      [] { parsed({"conf=0.5"}); },
      ThrowsMessage<UsageError>(AllOf(HasSubstr("'conf'"), HasSubstr("confidence, iou_threshold"),
                                      HasSubstr("disable_static_crop"))));
}

TEST(PredictParamsTest, ANameIsGivenOnce) {
  EXPECT_THAT(
      [] {
        parsed({"confidence=0.5", "confidence=0.5"});
      },
      ThrowsMessage<UsageError>(HasSubstr("--param confidence: is given twice")));
}

TEST(PredictParamsTest, HelpNamesAllThatAreTaken) {
  EXPECT_THAT(params_help(), AllOf(HasSubstr("  confidence  "), HasSubstr("  image_size  "),
                                   Not(HasSubstr("mask_format"))));
}

}  // namespace
}  // namespace replayrt::cli
