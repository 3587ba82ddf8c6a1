#include <algorithm>
#include <iterator>
#include <string>

#include "models/families/family.hpp"

namespace replayrt::models {
namespace {

constexpr const char* kInferenceConfig = "inference_config.json";
constexpr const char* kModelConfig = "model_config.json";

std::vector<Family> collected() {
  std::vector<Family> all;
  for (const auto make : {yolov5_families, yolov7_families, yolov8_families, yolov9_families,
                          yolov10_families, yolov11_families, yolov12_families, yolo26_families,
                          yolonas_families, rfdetr_families, resnet_families, vit_families}) {
    std::ranges::move(make(), std::back_inserter(all));
  }
  return all;
}

std::string known_families() {
  std::string text;
  for (const Family& family : all_families()) {
    text.append(text.empty() ? "" : ", ").append(family.architecture);
    text.append(" (").append(to_string(family.task)).append(")");
  }
  return text;
}

std::string joined(const std::vector<std::string_view>& texts) {
  std::string all;
  for (const std::string_view text : texts) {
    all.append(all.empty() ? "" : ", ").append(text);
  }
  return all.empty() ? "none" : all;
}

PackageProblem error(ErrorCode code, const char* file, std::string key, std::string message) {
  return {.severity = PackageProblem::Severity::kError,
          .code = code,
          .file = file,
          .key = std::move(key),
          .message = std::move(message)};
}

/// Whether the file is known to be wrong; what it does not say then is no problem of its own.
bool has_error(const ModelPackage& package, std::string_view file) {
  return std::ranges::any_of(package.problems, [&](const PackageProblem& problem) {
    return problem.severity == PackageProblem::Severity::kError && problem.file == file;
  });
}

void check_features(const ModelPackage& package, const Family& family,
                    std::vector<PackageProblem>& problems) {
  for (const std::string& feature : package.model_config.model_features) {
    if (std::ranges::find(family.features, feature) == family.features.end()) {
      problems.push_back(error(ErrorCode::kModelImplementationNotFound, kModelConfig,
                               "model_features." + feature,
                               "architecture " + std::string(family.architecture) +
                                   " is not known with it: expected " + joined(family.features)));
    }
  }
}

void check_post_processing(const ModelPackage& package, const Family& family,
                           std::vector<PackageProblem>& problems) {
  const std::optional<PostProcessing>& given = package.inference_config.post_processing;
  if (!family.post_processing.has_value()) {
    return;
  }
  const std::string expected(to_string(*family.post_processing));
  if (!given.has_value() || given->type != *family.post_processing) {
    problems.push_back(
        error(ErrorCode::kCorruptedModel, kInferenceConfig, "post_processing.type",
              (given ? "is " + std::string(to_string(given->type)) : std::string("is missing")) +
                  ": architecture " + std::string(family.architecture) + " for " +
                  std::string(to_string(family.task)) + " needs " + expected));
  } else if (given->fused && family.fused == Fused::kRefused) {
    problems.push_back(error(ErrorCode::kCorruptedModel, kInferenceConfig, "post_processing.fused",
                             "is true: networks of architecture " +
                                 std::string(family.architecture) + " leave NMS to the caller"));
  }
}

}  // namespace

const std::vector<Family>& all_families() {
  static const std::vector<Family> kFamilies = collected();
  return kFamilies;
}

const Family* find_family(std::string_view architecture, std::string_view task) {
  for (const Family& family : all_families()) {
    if (family.architecture == architecture && to_string(family.task) == task) {
      return &family;
    }
  }
  return nullptr;
}

std::vector<PackageProblem> family_problems(const ModelPackage& package) {
  const ModelConfig& config = package.model_config;
  std::vector<PackageProblem> problems;
  const Family* const family = find_family(config.model_architecture, config.task_type);
  if (family == nullptr && has_error(package, kModelConfig)) {
    return problems;  // What it names may be what is wrong.
  }
  if (family == nullptr) {
    problems.push_back(error(ErrorCode::kModelImplementationNotFound, kModelConfig,
                             "model_architecture",
                             "'" + config.model_architecture + "' for task '" + config.task_type +
                                 "' is not known: expected one of " + known_families()));
    return problems;
  }
  check_features(package, *family, problems);
  if (!has_error(package, kInferenceConfig)) {
    check_post_processing(package, *family, problems);
  }
  if (!package.inference_config.removed_class_names.empty() &&
      family->resampling != Resampling::kPillow) {
    problems.push_back({.severity = PackageProblem::Severity::kWarning,
                        .file = kInferenceConfig,
                        .key = "class_names_operations",
                        .message = "is for rfdetr only and is ignored"});
  }
  if (package.inference_config.network_input.resize_mode == ResizeMode::kFitLongerEdge) {
    problems.push_back(
        {.severity = PackageProblem::Severity::kWarning,
         .file = kInferenceConfig,
         .key = "network_input.resize_mode",
         .message = "fit-longer-edge gives every picture another size, which the network does not "
                    "take: " +
                    std::string(to_string(family->instead_of_fit_longer_edge)) +
                    " is used instead"});
  }
  return problems;
}

NetworkInput network_input_for(const ModelPackage& package, const Family& family) {
  NetworkInput network = package.inference_config.network_input;
  if (network.resize_mode == ResizeMode::kFitLongerEdge) {
    network.resize_mode = family.instead_of_fit_longer_edge;
    network.padding_value = family.padding_instead;
  }
  return network;
}

}  // namespace replayrt::models
