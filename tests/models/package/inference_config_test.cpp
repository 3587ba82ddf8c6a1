#include "models/package/inference_config.hpp"

#include "expect_problem.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

struct Parsed {
  InferenceConfig config;
  std::vector<PackageProblem> problems;
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  parsed.config = parse_inference_config(text, parsed.problems);
  return parsed;
}

/// The valid configuration with one value changed.
Parsed parse_with(const std::string& pointer, std::string_view value) {
  return parse(with_value(kValidInferenceConfig, pointer, value));
}

void expect_error_at(const std::string& pointer, std::string_view value, std::string_view key,
                     std::string_view part) {
  expect_only(parse_with(pointer, value).problems, Severity::kError, key, part);
}

TEST(PackageInferenceConfigTest, TheSmallestHasDefaults) {
  const auto [config, problems] = parse(without_value(kValidInferenceConfig, "/post_processing"));
  expect_none(problems);
  EXPECT_FALSE(config.image_pre_processing.auto_orient);
  EXPECT_FALSE(config.image_pre_processing.static_crop);
  EXPECT_FALSE(config.image_pre_processing.contrast);
  EXPECT_FALSE(config.image_pre_processing.grayscale);
  EXPECT_FALSE(config.static_batch_size);
  EXPECT_FALSE(config.max_dynamic_batch_size);
  EXPECT_FALSE(config.post_processing);
  EXPECT_TRUE(config.removed_class_names.empty());
}

TEST(PackageInferenceConfigTest, MustBeAnObject) {
  expect_only(parse("[]").problems, Severity::kError, "", "expected an object, found a list");
  expect_only(parse("null").problems, Severity::kError, "", "expected an object, found null");
  expect_only(parse("{").problems, Severity::kError, "", "is not valid JSON");
  expect_only(parse("{}").problems, Severity::kError, "network_input", "is missing");
}

TEST(PackageInferenceConfigTest, PreProcessingIsRead) {
  const auto [config, problems] = parse_with("/image_pre_processing", R"({
      "auto-orient": {"enabled": true},
      "static-crop": {"enabled": "yes", "x_min": 10, "x_max": "90", "y_min": 20.0, "y_max": 80},
      "contrast": {"enabled": 1, "type": "Contrast Stretching"},
      "grayscale": {"enabled": true}})");
  expect_none(problems);
  const ImagePreProcessing& steps = config.image_pre_processing;
  EXPECT_TRUE(steps.auto_orient);
  EXPECT_TRUE(steps.grayscale);
  EXPECT_EQ(steps.contrast, ContrastType::kContrastStretching);
  ASSERT_TRUE(steps.static_crop);
  EXPECT_EQ(steps.static_crop->x_min, 10);
  EXPECT_EQ(steps.static_crop->x_max, 90);
  EXPECT_EQ(steps.static_crop->y_min, 20);
  EXPECT_EQ(steps.static_crop->y_max, 80);
}

TEST(PackageInferenceConfigTest, WhatIsDisabledIsLeftOut) {
  const auto [config, problems] = parse_with("/image_pre_processing", R"({
      "auto-orient": {"enabled": false},
      "static-crop": {"enabled": false, "x_min": 900, "x_max": 1, "y_min": 0, "y_max": 0},
      "contrast": {"enabled": "off", "type": "Adaptive Equalization"},
      "grayscale": null})");
  expect_none(problems);
  EXPECT_FALSE(config.image_pre_processing.auto_orient);
  EXPECT_FALSE(config.image_pre_processing.static_crop);
  EXPECT_FALSE(config.image_pre_processing.contrast);
  EXPECT_FALSE(config.image_pre_processing.grayscale);
  expect_none(parse_with("/image_pre_processing", "null").problems);
}

TEST(PackageInferenceConfigTest, PreProcessingIsChecked) {
  const std::string at = "/image_pre_processing";
  const std::string key = "image_pre_processing";
  expect_error_at(at, "[]", key, "expected an object");
  expect_error_at(at, R"({"auto-orient": {}})", key + ".auto-orient.enabled", "is missing");
  expect_error_at(at, R"({"auto-orient": true})", key + ".auto-orient", "expected an object");
  expect_error_at(at, R"({"grayscale": {"enabled": "maybe"}})", key + ".grayscale.enabled",
                  "expected true or false");
  expect_error_at(at, R"({"contrast": {"enabled": true, "type": "adaptive equalization"}})",
                  key + ".contrast.type", "'Adaptive Equalization'");
  expect_error_at(at, R"({"contrast": {"enabled": false}})", key + ".contrast.type", "is missing");
}

TEST(PackageInferenceConfigTest, StaticCropsMustLeaveSomething) {
  const auto crop = [](const char* x_min, const char* x_max) {
    return R"({"static-crop": {"enabled": true, "y_min": 0, "y_max": 100, "x_min": )" +
           std::string(x_min) + R"(, "x_max": )" + x_max + "}}";
  };
  const std::string at = "/image_pre_processing";
  const std::string key = "image_pre_processing.static-crop.";
  expect_none(parse_with(at, crop("0", "100")).problems);
  expect_error_at(at, crop("-1", "100"), key + "x_min", "from 0 to 100, found -1");
  expect_error_at(at, crop("0", "101"), key + "x_max", "from 0 to 100, found 101");
  expect_error_at(at, crop("50", "50"), key + "x_min", "less than the 50 of x_max");
  expect_error_at(at, crop("60", "50"), key + "x_min", "less than the 50 of x_max");
  expect_error_at(at, crop("0.5", "50"), key + "x_min", "a whole number");
  EXPECT_FALSE(parse_with(at, crop("60", "50")).config.image_pre_processing.static_crop);
}

TEST(PackageInferenceConfigTest, KeysInTheWrongSpellingAreTold) {
  const Parsed parsed = parse_with("/image_pre_processing", R"({
      "auto_orient": {"enabled": true},
      "static_crop": {"enabled": true, "x_min": 1, "x_max": 2, "y_min": 3, "y_max": 4}})");
  EXPECT_EQ(texts_of(parsed.problems),
            (std::vector<std::string>{
                "W inference_config.json: image_pre_processing.auto_orient: is not known and "
                "ignored: did you mean 'auto-orient'?",
                "W inference_config.json: image_pre_processing.static_crop: is not known and "
                "ignored: did you mean 'static-crop'?"}));
  EXPECT_FALSE(parsed.config.image_pre_processing.auto_orient);
  expect_only(parse_with("/network_input/color-mode", "1").problems, Severity::kWarning,
              "network_input.color-mode", "did you mean 'color_mode'");
  expect_only(parse_with("/forward-pass", "{}").problems, Severity::kWarning, "forward-pass",
              "did you mean 'forward_pass'");
  expect_only(parse_with("/comment", "1").problems, Severity::kWarning, "comment",
              "is not known and ignored");
}

TEST(PackageInferenceConfigTest, BatchSizesAreRead) {
  const auto [config, problems] =
      parse_with("/forward_pass", R"({"static_batch_size": "4", "max_dynamic_batch_size": 16})");
  expect_none(problems);
  EXPECT_EQ(config.static_batch_size, 4);
  EXPECT_EQ(config.max_dynamic_batch_size, 16);
  expect_none(parse_with("/forward_pass", R"({"static_batch_size": null})").problems);
  expect_error_at("/forward_pass", "null", "forward_pass", "expected an object, found null");
  expect_error_at("/forward_pass", R"({"static_batch_size": 0})", "forward_pass.static_batch_size",
                  "at least 1");
  expect_error_at("/forward_pass", R"({"max_dynamic_batch_size": 1.5})",
                  "forward_pass.max_dynamic_batch_size", "a whole number");
}

TEST(PackageInferenceConfigTest, PostProcessingIsRead) {
  using Type = PostProcessing::Type;
  for (const auto& [name, type] :
       {std::pair("nms", Type::kNms), std::pair("softmax", Type::kSoftmax),
        std::pair("sigmoid", Type::kSigmoid)}) {
    for (const bool fused : {false, true}) {
      const auto [config, problems] =
          parse_with("/post_processing", R"({"type": ")" + std::string(name) + R"(", "fused": )" +
                                             (fused ? "true" : "false") + "}");
      expect_none(problems);
      ASSERT_TRUE(config.post_processing);
      EXPECT_EQ(config.post_processing->type, type);
      EXPECT_EQ(config.post_processing->fused, fused);
      EXPECT_FALSE(config.post_processing->nms_parameters);
    }
  }
  expect_none(parse_with("/post_processing", "null").problems);
  EXPECT_FALSE(parse_with("/post_processing", "null").config.post_processing);
}

TEST(PackageInferenceConfigTest, PostProcessingIsChecked) {
  const std::string at = "/post_processing";
  const std::string key = "post_processing";
  expect_error_at(at, "{}", key + ".type", "is missing");
  expect_error_at(at, R"({"type": null, "fused": true})", key + ".type", "found null");
  expect_error_at(at, R"({"type": "NMS", "fused": true})", key + ".type",
                  "expected 'nms', 'softmax' or 'sigmoid', found 'NMS'");
  expect_error_at(at, R"({"type": "nms"})", key + ".fused", "is missing");
  expect_error_at(at, R"({"type": "nms", "fused": null})", key + ".fused", "found null");
  expect_error_at(at, "7", key, "expected an object");
  expect_only(
      parse_with(at, R"({"type": "softmax", "fused": true, "nms_parameters": {}})").problems,
      Severity::kWarning, key + ".nms_parameters", "is not known");
}

TEST(PackageInferenceConfigTest, NmsParametersAreKeptThoughNotUsed) {
  const auto [config, problems] = parse_with("/post_processing", R"({"type": "nms", "fused": true,
      "nms_parameters": {"max_detections": 300, "confidence_threshold": 0.25, "iou_threshold": "0.5",
                         "class_agnostic": 1}})");
  expect_only(problems, Severity::kWarning, "post_processing.nms_parameters", "is not used");
  ASSERT_TRUE(config.post_processing->nms_parameters);
  EXPECT_EQ(config.post_processing->nms_parameters->max_detections, 300);
  EXPECT_EQ(config.post_processing->nms_parameters->confidence_threshold, 0.25);
  EXPECT_EQ(config.post_processing->nms_parameters->iou_threshold, 0.5);
  EXPECT_TRUE(config.post_processing->nms_parameters->class_agnostic);
  const Parsed empty =
      parse_with("/post_processing", R"({"type": "nms", "fused": true, "nms_parameters": {}})");
  EXPECT_EQ(empty.problems.size(), 5U) << listed(empty.problems);
}

TEST(PackageInferenceConfigTest, ClassNameRemovalsAreRead) {
  const auto [config, problems] = parse_with(
      "/class_names_operations", R"([{"type": "class_name_removal", "class_name": "none"},
                                     {"type": "class_name_removal", "class_name": "other"}])");
  expect_none(problems);
  EXPECT_EQ(config.removed_class_names, (std::vector<std::string>{"none", "other"}));
  expect_none(parse_with("/class_names_operations", "null").problems);
  expect_none(parse_with("/class_names_operations", "[]").problems);
  const std::string at = "/class_names_operations";
  expect_error_at(at, "{}", "class_names_operations", "expected a list");
  expect_error_at(at, "[7]", "class_names_operations[0]", "expected an object");
  expect_error_at(at, R"([{"type": "class_name_renaming"}])", "class_names_operations[0].type",
                  "expected 'class_name_removal'");
  expect_error_at(at, R"([{"type": "class_name_removal"}])", "class_names_operations[0].class_name",
                  "is missing");
  expect_error_at(at, R"([{"type": "class_name_removal", "class_name": 1}])",
                  "class_names_operations[0].class_name", "expected a text, found 1");
}

TEST(PackageInferenceConfigTest, ModelInitializationIsTakenForAnObject) {
  expect_none(parse_with("/model_initialization", R"({"anything": 1})").problems);
  expect_none(parse_with("/model_initialization", "null").problems);
  expect_error_at("/model_initialization", "[]", "model_initialization", "expected an object");
}

}  // namespace
}  // namespace replayrt::models
