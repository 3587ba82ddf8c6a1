#include "models/package/inference_yml.hpp"

#include "expect_problem.hpp"

namespace replayrt::models {
namespace {

using Limit = TextDetectionConfig::LimitType;

struct Detection {
  NetworkInput network;
  std::vector<PackageProblem> problems;
  TextDetectionConfig config;

  explicit Detection(std::string_view text)
      : config(parse_text_detection(text, network, problems)) {}
};

struct Recognition {
  NetworkInput network;
  std::vector<PackageProblem> problems;
  TextRecognitionConfig config;

  explicit Recognition(std::string_view text)
      : config(parse_text_recognition(text, network, problems)) {}
};

/// An inference.yml with one operation of this text.
std::string with_operation(const std::string& operation) {
  return "PreProcess: {transform_ops: [ToCHWImage, {DetLabelEncode: null}, " + operation + "]}\n";
}

std::string with_post_process(const std::string& settings) {
  return "PostProcess: {" + settings + "}\n";
}

constexpr const char* kRecognition = R"(
PreProcess:
  transform_ops:
  - DecodeImage: {img_mode: BGR}
  - RecResizeImg: {image_shape: [3, 32, 100]}
PostProcess:
  name: CTCLabelDecode
  character_dict: [a, 'ü', 0, "'", "~", "　"]
)";

TEST(TextDetectionConfigTest, EverythingMayBeLeftOut) {
  const Detection read("Global: {model_name: x}");
  expect_none(read.problems);
  EXPECT_EQ(read.config.limit_side_len, 736);
  EXPECT_EQ(read.config.limit_type, Limit::kMin);
  EXPECT_EQ(read.config.thresh, 0.3);
  EXPECT_EQ(read.config.box_thresh, 0.6);
  EXPECT_EQ(read.config.unclip_ratio, 1.5);
  EXPECT_EQ(read.config.max_candidates, 1000);
  EXPECT_FALSE(read.config.use_dilation);
  EXPECT_EQ(read.network.color_mode, ColorFormat::kBgr);
  EXPECT_EQ(read.network.multiplier, 1.0 / 255);
  EXPECT_EQ(read.network.normalization->first, (std::vector{0.485, 0.456, 0.406}));
  EXPECT_EQ(read.network.normalization->second, (std::vector{0.229, 0.224, 0.225}));
  EXPECT_EQ(read.network.training_input_size, ImageSize{});
  EXPECT_EQ(read.network.dynamic_spatial_size.divisor, 32);
}

TEST(TextDetectionConfigTest, IsReadAsPaddleWritesIt) {
  const Detection read(R"(
PreProcess:
  transform_ops:
  - DecodeImage: {channel_first: false, img_mode: RGB}
  - DetResizeForTest: {limit_side_len: 960, limit_type: max}
  - NormalizeImage: {mean: [0.1, 0.2, 0.3], std: [1, 2, 3], order: hwc, scale: 1./128.}
  - KeepKeys: {keep_keys: [image]}
PostProcess: {thresh: 0.2, box_thresh: 0.45, unclip_ratio: 2, max_candidates: 7, use_dilation: true}
)");
  expect_none(read.problems);
  EXPECT_EQ(read.config.limit_side_len, 960);
  EXPECT_EQ(read.config.limit_type, Limit::kMax);
  EXPECT_EQ(read.config.thresh, 0.2);
  EXPECT_EQ(read.config.box_thresh, 0.45);
  EXPECT_EQ(read.config.unclip_ratio, 2);
  EXPECT_EQ(read.config.max_candidates, 7);
  EXPECT_TRUE(read.config.use_dilation);
  EXPECT_EQ(read.network.color_mode, ColorFormat::kRgb);
  EXPECT_EQ(read.network.multiplier, 1.0 / 128);
  EXPECT_EQ(read.network.normalization->first, (std::vector{0.1, 0.2, 0.3}));
  EXPECT_EQ(read.network.normalization->second, (std::vector<double>{1, 2, 3}));
}

TEST(TextDetectionConfigTest, TheFirstOperationOfANameCounts) {
  const Detection read(
      with_operation("{DetResizeForTest: {limit_side_len: 64}}, {DetResizeForTest: "
                     "{limit_side_len: 128}}"));
  expect_none(read.problems);
  EXPECT_EQ(read.config.limit_side_len, 64);
}

TEST(TextDetectionConfigTest, OtherLimitTypesAreAWarning) {
  const Detection read(with_operation("{DetResizeForTest: {limit_type: resize_long}}"));
  expect_only(read.problems, Severity::kWarning,
              "PreProcess.transform_ops[2].DetResizeForTest.limit_type", "longer side");
  EXPECT_EQ(read.config.limit_type, Limit::kExactly);
}

TEST(TextDetectionConfigTest, WrongValuesAreNamed) {
  const auto expect_error_at = [](const std::string& text, const std::string& key,
                                  const std::string& part) {
    const Detection read(text);
    expect_only(read.problems, Severity::kError, key, part);
  };
  const std::string operation = "PreProcess.transform_ops[2].";
  expect_error_at("[]", "", "expected an object, found a list");
  expect_error_at("PreProcess: x", "PreProcess", "expected an object");
  expect_error_at("PreProcess: {transform_ops: {}}", "PreProcess.transform_ops", "a list");
  expect_error_at(with_operation("{DetResizeForTest: 7}"), operation + "DetResizeForTest",
                  "object");
  expect_error_at(with_operation("{DetResizeForTest: {limit_side_len: 0}}"),
                  operation + "DetResizeForTest.limit_side_len", "from 1 to 16384, found '0'");
  expect_error_at(with_operation("{DetResizeForTest: {limit_side_len: 736.5}}"),
                  operation + "DetResizeForTest.limit_side_len", "a whole number");
  expect_error_at(with_operation("{DetResizeForTest: {limit_type: [max]}}"),
                  operation + "DetResizeForTest.limit_type", "a text");
  for (const char* scale : {"0", "1/0", "x/2", "1/2/3", ".inf", "''"}) {
    expect_error_at(with_operation("{NormalizeImage: {scale: " + std::string(scale) + "}}"),
                    operation + "NormalizeImage.scale", "as '1./255.'");
  }
  expect_error_at(with_operation("{NormalizeImage: {mean: [1, 2]}}"),
                  operation + "NormalizeImage.mean", "each of the 3 channels, found 2");
  expect_error_at(with_operation("{NormalizeImage: {std: [1, 0, 2]}}"),
                  operation + "NormalizeImage.std[1]", "other than 0");
  expect_error_at(with_operation("{NormalizeImage: {std: [1, x, 2]}}"),
                  operation + "NormalizeImage.std[1]", "a number");
  expect_error_at(with_post_process("thresh: 1.5"), "PostProcess.thresh", "from 0 to 1");
  expect_error_at(with_post_process("box_thresh: high"), "PostProcess.box_thresh", "a number");
  expect_error_at(with_post_process("unclip_ratio: -1"), "PostProcess.unclip_ratio",
                  "from 0 to 100");
  expect_error_at(with_post_process("max_candidates: 0"), "PostProcess.max_candidates",
                  "from 1 to 1000000");
  expect_error_at(with_post_process("use_dilation: maybe"), "PostProcess.use_dilation",
                  "true or false");
}

TEST(TextDetectionConfigTest, AllThatIsWrongIsFoundAtOnce) {
  const Detection read(with_operation("{DetResizeForTest: {limit_side_len: x}}") +
                       with_post_process("thresh: 2, box_thresh: 3"));
  EXPECT_EQ(read.problems.size(), 3U) << listed(read.problems);
}

TEST(TextRecognitionConfigTest, IsReadAsPaddleWritesIt) {
  const Recognition read(kRecognition);
  expect_none(read.problems);
  EXPECT_EQ(read.config.line_size, (ImageSize{32, 100}));
  EXPECT_EQ(read.config.characters, (std::vector<std::string>{"a", "ü", "0", "'", "~", "　"}));
  EXPECT_EQ(read.network.training_input_size, (ImageSize{32, 100}));
  EXPECT_EQ(read.network.scaling_factor, 255);
  EXPECT_EQ(read.network.color_mode, ColorFormat::kBgr);
}

TEST(TextRecognitionConfigTest, SizeAndCharactersAreNeeded) {
  for (const char* text : {"Global: {}", "PreProcess: {transform_ops: []}\nPostProcess: {}",
                           "PreProcess: {transform_ops: [{RecResizeImg: null}]}"}) {
    EXPECT_EQ(texts_of(Recognition(text).problems).size(), 2U) << text;
  }
  const Recognition nothing("Global: {}");
  EXPECT_EQ(nothing.problems.at(0).key, "PreProcess.transform_ops.RecResizeImg");
  EXPECT_EQ(nothing.problems.at(1).key, "PostProcess.character_dict");
}

TEST(TextRecognitionConfigTest, WrongValuesAreNamed) {
  const auto expect_error_at = [](const std::string& from, const std::string& to,
                                  const std::string& key, const std::string& part) {
    std::string text = kRecognition;
    text.replace(text.find(from), from.size(), to);
    const Recognition read(text);
    expect_only(read.problems, Severity::kError, key, part);
  };
  const std::string shape = "PreProcess.transform_ops[1].RecResizeImg.image_shape";
  const std::string characters = "PostProcess.character_dict";
  expect_error_at("[3, 32, 100]", "[3, 32]", shape, "three whole numbers");
  expect_error_at("[3, 32, 100]", "48", shape, "a list");
  expect_error_at("[3, 32, 100]", "~", shape, "is missing");
  expect_error_at("[3, 32, 100]", "[1, 32, 100]", shape + "[0]", "from 3 to 3, found '1'");
  expect_error_at("[3, 32, 100]", "[3, 0, 100]", shape + "[1]", "from 1 to 512");
  expect_error_at("[3, 32, 100]", "[3, 32, 3201]", shape + "[2]", "from 1 to 3200");
  expect_error_at("\"~\"", "~", characters + "[4]", "in quotes");
  expect_error_at("\"~\"", "[a]", characters + "[4]", "a text, found a list");
  expect_error_at("[a, 'ü', 0, \"'\", \"~\", \"　\"]", "abc", characters, "a list");
  expect_error_at("[a, 'ü', 0, \"'\", \"~\", \"　\"]", "[]", characters, "has no character");
}

}  // namespace
}  // namespace replayrt::models
