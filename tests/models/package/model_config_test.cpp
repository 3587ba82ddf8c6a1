#include "models/package/model_config.hpp"

#include "expect_problem.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

struct Parsed {
  ModelConfig config;
  std::vector<PackageProblem> problems;
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  parsed.config = parse_model_config(text, parsed.problems);
  return parsed;
}

Parsed parse_with(const std::string& key, std::string_view value) {
  return parse(with_value(kValidModelConfig, "/" + key, value));
}

void expect_error_with(const std::string& key, std::string_view value, std::string_view part) {
  expect_only(parse_with(key, value).problems, Severity::kError, key, part);
}

TEST(PackageModelConfigTest, ValuesAreRead) {
  const auto [config, problems] = parse(kValidModelConfig);
  expect_none(problems);
  EXPECT_EQ(config.model_architecture, "yolov8");
  EXPECT_EQ(config.task_type, "object-detection");
  EXPECT_EQ(config.backend_type, "onnx");
  EXPECT_EQ(config.model_id, "test/1");
  EXPECT_TRUE(config.model_features.empty());
  EXPECT_FALSE(config.recommended_parameters.confidence);
}

TEST(PackageModelConfigTest, MustBeAnObject) {
  expect_only(parse("[]").problems, Severity::kError, "", "expected an object, found a list");
  expect_only(parse("x").problems, Severity::kError, "", "is not valid JSON");
}

TEST(PackageModelConfigTest, TextsAreTexts) {
  for (const char* key : {"model_architecture", "task_type", "quantization", "model_id",
                          "canonical_model_id", "model_module", "model_class"}) {
    for (const char* value : {"1", "true", "[]", "{}"}) {
      const Parsed parsed = parse_with(key, value);
      ASSERT_FALSE(parsed.problems.empty()) << key;
      EXPECT_EQ(parsed.problems[0].severity, Severity::kError);
      EXPECT_EQ(parsed.problems[0].key, key);
    }
  }
  for (const char* key : {"task_type", "quantization", "model_id", "model_module"}) {
    expect_none(parse_with(key, "null").problems);
  }
}

TEST(PackageModelConfigTest, BackendTypesAreThoseOfTheReference) {
  for (const char* backend : {"torch", "torch-script", "onnx", "trt", "hugging-face", "ultralytics",
                              "custom", "vllm", "coreml"}) {
    const Parsed parsed = parse_with("backend_type", "\"" + std::string(backend) + "\"");
    expect_none(parsed.problems);
    EXPECT_EQ(parsed.config.backend_type, backend);
  }
  for (const char* value : {"null", "\"ONNX\"", "\"tensorrt\"", "7", "[\"trt\"]"}) {
    expect_error_with("backend_type", value, "expected 'torch', 'torch-script', 'onnx', 'trt'");
  }
}

TEST(PackageModelConfigTest, ArchitectureAndBackendAreNeeded) {
  expect_only(parse(without_value(kValidModelConfig, "/backend_type")).problems, Severity::kError,
              "backend_type", "is missing");
  expect_only(parse(without_value(kValidModelConfig, "/model_architecture")).problems,
              Severity::kError, "model_architecture", "is missing");
  expect_only(parse_with("model_architecture", "null").problems, Severity::kError,
              "model_architecture", "is missing");
  EXPECT_EQ(parse("{}").problems.size(), 2U);
}

TEST(PackageModelConfigTest, NoCodeOfAPackageIsRun) {
  expect_only(parse(R"({"model_module": "model.py", "model_class": "Model"})").problems,
              Severity::kError, "model_module", "ReplayRT runs no code of a package",
              ErrorCode::kForbiddenLocalCode);
  expect_only(parse(R"({"model_class": "Model", "backend_type": "onnx"})").problems,
              Severity::kError, "model_class", "Python code", ErrorCode::kForbiddenLocalCode);
  expect_only(parse_with("model_module", "\"model.py\"").problems, Severity::kWarning,
              "model_module", "is ignored");
}

TEST(PackageModelConfigTest, FeaturesAreKept) {
  const auto [config, problems] = parse_with("model_features", R"({"b": 1, "a": {"x": null}})");
  expect_none(problems);
  EXPECT_EQ(config.model_features, (std::vector<std::string>{"a", "b"}));
  expect_none(parse_with("model_features", "null").problems);
  expect_error_with("model_features", "[]", "expected an object");
}

// As the reference's pydantic class of the same name.
TEST(PackageModelConfigTest, RecommendedParametersAreRead) {
  const auto parameters = [](std::string_view value) {
    const Parsed parsed = parse_with("recommended_parameters", value);
    expect_none(parsed.problems);
    return parsed.config.recommended_parameters;
  };
  using Thresholds = std::map<std::string, double>;
  EXPECT_EQ(parameters(R"({"confidence": "0.5"})").confidence, 0.5);
  EXPECT_EQ(parameters(R"({"confidence": true})").confidence, 1);
  EXPECT_EQ(parameters(R"({"confidence": null})").confidence, std::nullopt);
  EXPECT_EQ(parameters("null").confidence, std::nullopt);
  EXPECT_EQ(parameters(R"({"perClassConfidence": {"a": 0.1}})").per_class_confidence,
            (Thresholds{{"a", 0.1}}));
  EXPECT_EQ(parameters(R"({"per_class_confidence": {"a": "0.1"}})").per_class_confidence,
            (Thresholds{{"a", 0.1}}));
  EXPECT_TRUE(parameters(R"({"perClassConfidence": null})").per_class_confidence.empty());
  const Parsed both = parse_with("recommended_parameters", R"({"per_class_confidence": {"a": 0.1},
                                                               "perClassConfidence": {"b": 0.2}})");
  expect_only(both.problems, Severity::kWarning, "recommended_parameters.perClassConfidence",
              "per_class_confidence, which is ignored");
  EXPECT_EQ(both.config.recommended_parameters.per_class_confidence, (Thresholds{{"b", 0.2}}));
}

TEST(PackageModelConfigTest, RecommendedParametersAreChecked) {
  const auto expect_problem = [](std::string_view value, Severity severity, std::string_view key,
                                 std::string_view part) {
    expect_only(parse_with("recommended_parameters", value).problems, severity,
                "recommended_parameters" + std::string(key), part);
  };
  expect_problem("7", Severity::kError, "", "expected an object");
  expect_problem(R"({"confidence": "x"})", Severity::kError, ".confidence", "expected a number");
  expect_problem(R"({"perClassConfidence": []})", Severity::kError, ".perClassConfidence",
                 "expected an object");
  expect_problem(R"({"per_class_confidence": {"a": null}})", Severity::kError,
                 ".per_class_confidence.a", "expected a number");
  expect_problem(R"({"confidence": 40})", Severity::kWarning, ".confidence", "from 0 to 1");
  expect_problem(R"({"per_class_confidence": {"a": -0.5}})", Severity::kWarning,
                 ".per_class_confidence.a", "from 0 to 1");
  expect_problem(R"({"iou": 1})", Severity::kWarning, ".iou", "is not known");
}

TEST(PackageModelConfigTest, TheRestIsCheckedAsTheReferenceDoes) {
  expect_none(parse_with("model_dependencies", R"([{"name": "x"}])").problems);
  expect_error_with("model_dependencies", "{}", "expected a list");
  expect_only(parse_with("model_dependencies", "[7]").problems, Severity::kError,
              "model_dependencies[0]", "expected an object");
  for (const char* key : {"trusted_source", "dynamic_batch_size_supported"}) {
    expect_none(parse_with(key, "true").problems);
    expect_none(parse_with(key, "null").problems);
    expect_error_with(key, "1", "expected true or false");
  }
  expect_none(parse_with("static_batch_size", "1").problems);
  expect_error_with("static_batch_size", "0", "at least 1");
  expect_error_with("static_batch_size", "true", "a whole number");
  expect_error_with("static_batch_size", "1.0", "a whole number");
  expect_none(parse_with("offline_manifest_version", "4").problems);
  expect_error_with("offline_manifest_version", "true", "a whole number");
  expect_error_with("offline_manifest_version", "\"4\"", "a whole number");
  expect_only(parse_with("model_arch", "\"x\"").problems, Severity::kWarning, "model_arch",
              "is not known");
  expect_only(parse_with("model-id", "\"x\"").problems, Severity::kWarning, "model-id",
              "did you mean 'model_id'");
}

}  // namespace
}  // namespace replayrt::models
