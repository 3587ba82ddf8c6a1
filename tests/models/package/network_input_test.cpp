#include "models/package/network_input.hpp"

#include "expect_problem.hpp"
#include "models/package/inference_config.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

struct Parsed {
  NetworkInput input;
  std::vector<PackageProblem> problems;
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  parsed.input = parse_inference_config(text, parsed.problems).network_input;
  return parsed;
}

Parsed parse_with(const std::string& key, std::string_view value) {
  return parse(with_value(kValidInferenceConfig, "/network_input/" + key, value));
}

Parsed parse_without(const std::string& key) {
  return parse(without_value(kValidInferenceConfig, "/network_input/" + key));
}

void expect_error_with(const std::string& key, std::string_view value,
                       std::string_view key_at_fault, std::string_view part) {
  expect_only(parse_with(key, value).problems, Severity::kError,
              "network_input." + std::string(key_at_fault), part);
}

TEST(PackageNetworkInputTest, ValuesAreRead) {
  const auto [input, problems] = parse(kValidInferenceConfig);
  expect_none(problems);
  EXPECT_EQ(input.training_input_size, (ImageSize{64, 96}));
  EXPECT_FALSE(input.dataset_version_resize_dimensions);
  EXPECT_FALSE(input.dynamic_spatial_size.supported);
  EXPECT_EQ(input.dynamic_spatial_size.divisor, 0);
  EXPECT_EQ(input.color_mode, ColorFormat::kRgb);
  EXPECT_EQ(input.resize_mode, ResizeMode::kStretch);
  EXPECT_EQ(input.padding_value, 0);
  EXPECT_EQ(input.input_channels, 3);
  EXPECT_EQ(input.scaling_factor, 255);
  EXPECT_FALSE(input.normalization);
}

TEST(PackageNetworkInputTest, WhatIsRequiredIsMissed) {
  for (const char* key : {"dynamic_spatial_size_supported", "color_mode", "resize_mode",
                          "input_channels", "training_input_size"}) {
    expect_only(parse_without(key).problems, Severity::kError, "network_input." + std::string(key),
                "is missing");
    // Null is no value either, except that it leaves the training size out.
    EXPECT_EQ(parse_with(key, "null").problems.size(), 1U) << key;
  }
  expect_none(parse_without("scaling_factor").problems);
  EXPECT_FALSE(parse_without("scaling_factor").input.scaling_factor);
}

TEST(PackageNetworkInputTest, SizesAreChecked) {
  const std::string key = "training_input_size";
  expect_none(parse_with(key, R"({"height": 16384, "width": 1})").problems);
  EXPECT_EQ(parse_with(key, R"({"height": "412", "width": 412.0})").input.training_input_size,
            (ImageSize{412, 412}));
  expect_error_with(key, R"({"height": 412.5, "width": 4})", key + ".height", "a whole number");
  expect_error_with(key, R"({"height": 0, "width": 4})", key + ".height", "from 1 to 16384");
  expect_error_with(key, R"({"height": 4, "width": -1})", key + ".width", "from 1 to 16384");
  expect_error_with(key, R"({"height": 4, "width": 16385})", key + ".width", "from 1 to 16384");
  expect_error_with(key, R"({"height": 4})", key + ".width", "is missing");
  expect_error_with(key, "[4, 4]", key, "expected an object");
  const std::string dataset = "dataset_version_resize_dimensions";
  EXPECT_EQ(
      parse_with(dataset, R"({"height": 5, "width": 6})").input.dataset_version_resize_dimensions,
      (ImageSize{5, 6}));
  expect_none(parse_with(dataset, "null").problems);
  expect_error_with(dataset, R"({"height": 0, "width": 4})", dataset + ".height", "from 1");
}

TEST(PackageNetworkInputTest, OtherSizesAreRead) {
  const auto parse_mode = [](std::string_view mode, std::string_view supported = "true") {
    const std::string text = with_value(kValidInferenceConfig,
                                        "/network_input/dynamic_spatial_size_supported", supported);
    return parse(with_value(text, "/network_input/dynamic_spatial_size_mode", mode));
  };
  const std::string key = "network_input.dynamic_spatial_size_mode";
  const Parsed padded = parse_mode(R"({"type": "pad-to-be-divisible", "value": 32})");
  expect_none(padded.problems);
  EXPECT_TRUE(padded.input.dynamic_spatial_size.supported);
  EXPECT_EQ(padded.input.dynamic_spatial_size.divisor, 32);
  EXPECT_EQ(parse_mode(R"({"type": "any-size"})").input.dynamic_spatial_size.divisor, 1);
  const Parsed unused = parse_mode(R"({"type": "any-size"})", "false");
  expect_none(unused.problems);
  EXPECT_FALSE(unused.input.dynamic_spatial_size.supported);

  const Parsed unsaid = parse_mode("null");
  expect_only(unsaid.problems, Severity::kWarning, "network_input.dynamic_spatial_size_supported",
              "does not say which sizes");
  EXPECT_EQ(unsaid.input.dynamic_spatial_size.divisor, 0);
  for (const char* value : {"0", "-32", "16385"}) {
    expect_only(
        parse_mode(R"({"type": "pad-to-be-divisible", "value": )" + std::string(value) + "}")
            .problems,
        Severity::kError, key + ".value", "from 1 to 16384");
  }
  expect_only(parse_mode(R"({"type": "pad-to-be-divisible"})").problems, Severity::kError,
              key + ".value", "is missing");
  expect_only(parse_mode(R"({"type": "pad"})").problems, Severity::kError, key + ".type",
              "expected 'pad-to-be-divisible' or 'any-size', found 'pad'");
  expect_only(parse_mode("{}").problems, Severity::kError, key + ".type", "is missing");
  expect_only(parse_mode(R"({"type": "any-size", "value": 32})").problems, Severity::kWarning,
              key + ".value", "is not known");
}

TEST(PackageNetworkInputTest, OnlyModelsForAnySizeMayLeaveTheTrainingSizeOut) {
  const auto parse_sizeless = [](std::string_view supported, std::string_view mode) {
    std::string text = without_value(kValidInferenceConfig, "/network_input/training_input_size");
    text = with_value(text, "/network_input/dynamic_spatial_size_supported", supported);
    return parse(with_value(text, "/network_input/dynamic_spatial_size_mode", mode));
  };
  const Parsed any = parse_sizeless("true", R"({"type": "any-size"})");
  expect_none(any.problems);
  EXPECT_EQ(any.input.training_input_size, (ImageSize{0, 0}));
  const std::string key = "network_input.training_input_size";
  expect_only(parse_sizeless("false", R"({"type": "any-size"})").problems, Severity::kError, key,
              "'any-size'");
  expect_only(parse_sizeless("true", R"({"type": "pad-to-be-divisible", "value": 32})").problems,
              Severity::kError, key, "'any-size'");
  // A divisor of 1 is not the mode.
  expect_only(parse_sizeless("true", R"({"type": "pad-to-be-divisible", "value": 1})").problems,
              Severity::kError, key, "'any-size'");
}

TEST(PackageNetworkInputTest, ModesAreCaseSensitive) {
  EXPECT_EQ(parse_with("color_mode", "\"bgr\"").input.color_mode, ColorFormat::kBgr);
  expect_error_with("color_mode", "\"RGB\"", "color_mode", "expected 'rgb' or 'bgr', found 'RGB'");
  for (const ResizeMode mode :
       {ResizeMode::kStretch, ResizeMode::kLetterbox, ResizeMode::kCenterCrop,
        ResizeMode::kFitLongerEdge, ResizeMode::kLetterboxReflectEdges}) {
    const Parsed parsed = parse_with("resize_mode", "\"" + std::string(to_string(mode)) + "\"");
    expect_none(parsed.problems);
    EXPECT_EQ(parsed.input.resize_mode, mode);
  }
  expect_error_with("resize_mode", "\"Stretch\"", "resize_mode", "found 'Stretch'");
  expect_error_with("resize_mode", "7", "resize_mode", "found 7");
}

TEST(PackageNetworkInputTest, PaddingMayBeAnyWholeNumber) {
  EXPECT_EQ(parse_with("padding_value", "127").input.padding_value, 127);
  EXPECT_EQ(parse_with("padding_value", "-300").input.padding_value, -300);
  EXPECT_EQ(parse_with("padding_value", "null").input.padding_value, 0);
  expect_none(parse_with("padding_value", "-300").problems);
  expect_error_with("padding_value", "1.5", "padding_value", "a whole number");
}

TEST(PackageNetworkInputTest, OtherChannelsAreKept) {
  const Parsed parsed = parse_with("input_channels", "1");
  expect_none(parsed.problems);
  EXPECT_EQ(parsed.input.input_channels, 1);
  expect_error_with("input_channels", "0", "input_channels", "from 1 to 1024");
  expect_error_with("input_channels", "1025", "input_channels", "from 1 to 1024");
}

TEST(PackageNetworkInputTest, NothingIsDividedByZero) {
  EXPECT_EQ(parse_with("scaling_factor", "\"0.5\"").input.scaling_factor, 0.5);
  expect_error_with("scaling_factor", "0", "scaling_factor", "other than 0");
  expect_error_with("scaling_factor", "\"0.0\"", "scaling_factor", "other than 0");
  expect_error_with("scaling_factor", "\"inf\"", "scaling_factor", "expected a number");
  expect_error_with("normalization", "[[0, 0, 0], [1, 0, 1]]", "normalization[1][1]",
                    "other than 0");
}

TEST(PackageNetworkInputTest, NormalizationHasANumberPerChannel) {
  const Parsed parsed = parse_with("normalization", "[[0.1, \"0.2\", 0], [1, 2, 3.5]]");
  expect_none(parsed.problems);
  ASSERT_TRUE(parsed.input.normalization);
  EXPECT_EQ(parsed.input.normalization->first, (std::vector<double>{0.1, 0.2, 0}));
  EXPECT_EQ(parsed.input.normalization->second, (std::vector<double>{1, 2, 3.5}));
  expect_none(parse_with("normalization", "null").problems);
  expect_error_with("normalization", "[]", "normalization", "two lists");
  expect_error_with("normalization", "[[0,0,0],[1,1,1],[2,2,2]]", "normalization", "found 3");
  expect_error_with("normalization", "[[0,0],[1,1,1]]", "normalization[0]", "3 input_channels");
  expect_error_with("normalization", "[[0,0,0],[1,1,1,1]]", "normalization[1]", "found 4");
  expect_error_with("normalization", "[[0,0,0],7]", "normalization[1]", "expected a list");
  expect_error_with("normalization", "[[0,null,0],[1,1,1]]", "normalization[0][1]", "a number");
}

}  // namespace
}  // namespace replayrt::models
