#include "models/package/model_config.hpp"

#include <array>

#include "models/package/json_reader.hpp"
#include "models/package/package_identities.hpp"

namespace replayrt::models {
namespace {

constexpr std::array<std::string_view, 9> kBackendTypes = {"torch",  "torch-script", "onnx",
                                                           "trt",    "hugging-face", "ultralytics",
                                                           "custom", "vllm",         "coreml"};

std::string read_text(JsonObject& object, std::string_view key) {
  return object.optional(key).text().value_or("");
}

std::string read_backend_type(JsonObject& object) {
  const JsonValue value = object.optional_not_null("backend_type");
  const std::optional<std::size_t> at = value.choice_at(kBackendTypes);
  return at ? std::string(kBackendTypes[*at]) : std::string();
}

void check_confidence(const JsonValue& value, std::optional<double> confidence) {
  if (confidence && (*confidence < 0 || *confidence > 1)) {
    value.warn("is " + value.found() + ": confidences are from 0 to 1");
  }
}

RecommendedParameters read_recommended_parameters(const JsonValue& value) {
  RecommendedParameters result;
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return result;
  }
  const JsonValue confidence = object->optional("confidence");
  result.confidence = confidence.number();
  check_confidence(confidence, result.confidence);
  // Where both spellings are there the reference reads this one.
  const bool camel_case = object->contains("perClassConfidence");
  object->ignore(camel_case ? "per_class_confidence" : "perClassConfidence");
  const JsonValue per_class =
      object->optional(camel_case ? "perClassConfidence" : "per_class_confidence");
  if (camel_case && object->contains("per_class_confidence")) {
    per_class.warn("is there beside per_class_confidence, which is ignored");
  }
  if (const std::optional<JsonObject> classes = per_class.object()) {
    classes->for_each([&](const std::string& name, const JsonValue& threshold) {
      if (const std::optional<double> number = threshold.number()) {
        check_confidence(threshold, number);
        result.per_class_confidence[name] = *number;
      }
    });
  }
  object->warn_of_unknown_keys();
  return result;
}

/// The reference runs Python code of packages that it has no class for.
void check_local_code(JsonObject& object) {
  const JsonValue module = object.optional("model_module");
  const JsonValue model_class = object.optional("model_class");
  static_cast<void>(module.text());
  static_cast<void>(model_class.text());
  const JsonValue& code = module.present() ? module : model_class;
  const bool architecture_given = object.optional("model_architecture").present();
  const bool backend_given = object.contains("backend_type");
  if (architecture_given && backend_given) {
    if (code.present()) {
      code.warn("is ignored: ReplayRT runs no code of a package");
    }
    return;
  }
  if (code.present()) {
    code.error(
        "is given without model_architecture and backend_type: the package wants its own "
        "Python code run; ReplayRT runs no code of a package",
        ErrorCode::kForbiddenLocalCode);
    return;
  }
  if (!architecture_given) {
    object.required("model_architecture")
        .error("is missing: expected the model's architecture, as 'yolov8'");
  }
  if (!backend_given) {
    object.required("backend_type").error("is missing: expected 'onnx' or 'trt'");
  }
}

void read_features(const JsonValue& value, std::vector<std::string>& features) {
  if (const std::optional<JsonObject> object = value.object()) {
    object->for_each([&](const std::string& name, const JsonValue&) { features.push_back(name); });
  }
}

void check_dependencies(const JsonValue& value) {
  const std::optional<std::size_t> size = value.list_size();
  for (std::size_t i = 0; i < size.value_or(0); ++i) {
    static_cast<void>(value.at(i).object());
  }
}

/// What only the reference's cache has a use for.
void check_rest(JsonObject& object) {
  static_cast<void>(object.optional("quantization").text());
  static_cast<void>(object.optional("canonical_model_id").text());
  check_dependencies(object.optional("model_dependencies"));
  static_cast<void>(object.optional("trusted_source").exact_boolean());
  static_cast<void>(object.optional("dynamic_batch_size_supported").exact_boolean());
  const JsonValue batch_size = object.optional("static_batch_size");
  const std::optional<std::int64_t> size = batch_size.exact_integer();
  if (size && *size < 1) {
    batch_size.error("expected at least 1, found " + std::to_string(*size));
  }
  static_cast<void>(object.optional("offline_manifest_version").exact_integer());
  check_package_artifacts(object.optional("package_artifacts"));
  check_dependency_package_paths(object.optional("dependency_package_paths"));
}

}  // namespace

ModelConfig parse_model_config(std::string_view text, std::vector<PackageProblem>& problems) {
  ModelConfig config;
  read_object(text, "model_config.json", problems, [&](JsonObject& root, ProblemList& /*list*/) {
    config.model_architecture = read_text(root, "model_architecture");
    config.task_type = read_text(root, "task_type");
    config.backend_type = read_backend_type(root);
    check_local_code(root);
    config.model_id = read_text(root, "model_id");
    read_features(root.optional("model_features"), config.model_features);
    config.recommended_parameters =
        read_recommended_parameters(root.optional("recommended_parameters"));
    check_rest(root);
    root.warn_of_unknown_keys();
  });
  return config;
}

}  // namespace replayrt::models
