#include <algorithm>
#include <iterator>
#include <string>

#include "models/families/family.hpp"
#include "models/package/problem_list.hpp"
#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

constexpr const char* kInferenceConfig = "inference_config.json";
constexpr const char* kKeyPoints = "keypoints_metadata.json";
constexpr const char* kModelConfig = "model_config.json";

std::vector<Family> collected() {
  std::vector<Family> all;
  for (const auto make :
       {yolov5_families, yolov7_families, yolov8_families, yolov9_families, yolov10_families,
        yolov11_families, yolov12_families, yolo26_families, yolonas_families, yolact_families,
        rfdetr_families, deep_lab_v3_plus_families, resnet_families, vit_families,
        pp_ocrv6_det_families, pp_ocrv6_rec_families}) {
    std::ranges::move(make(), std::back_inserter(all));
  }
  return all;
}

std::string known_families() {
  std::vector<std::string> names;
  for (const Family& family : all_families()) {
    names.push_back(std::string(family.architecture) + " (" + std::string(to_string(family.task)) +
                    ")");
  }
  return join(names, ", ");
}

std::string known_features(const Family& family) {
  const std::vector<std::string> names(family.features.begin(), family.features.end());
  return names.empty() ? "none" : join(names, ", ");
}

/// Whether the file is known to be wrong; what it does not say then is no problem of its own.
bool has_error(const ModelPackage& package, std::string_view file) {
  return std::ranges::any_of(package.problems, [&](const PackageProblem& problem) {
    return problem.severity == PackageProblem::Severity::kError && problem.file == file;
  });
}

void check_features(const ModelPackage& package, const Family& family, ProblemList& problems) {
  for (const std::string& feature : package.model_config.model_features) {
    if (std::ranges::find(family.features, feature) == family.features.end()) {
      problems.error("model_features." + feature,
                     "architecture " + std::string(family.architecture) +
                         " is not known with it: expected " + known_features(family),
                     ErrorCode::kModelImplementationNotFound);
    }
  }
}

void check_post_processing(const ModelPackage& package, const Family& family,
                           ProblemList& problems) {
  const std::optional<PostProcessing>& given = package.inference_config.post_processing;
  if (!family.post_processing.has_value()) {
    return;
  }
  const std::string expected(to_string(*family.post_processing));
  if (!given.has_value() || given->type != *family.post_processing) {
    problems.error(
        "post_processing.type",
        (given ? "is " + std::string(to_string(given->type)) : std::string("is missing")) +
            ": architecture " + std::string(family.architecture) + " for " +
            std::string(to_string(family.task)) + " needs " + expected);
  } else if (given->fused && family.fused == Fused::kRefused) {
    problems.error("post_processing.fused", "is true: networks of architecture " +
                                                std::string(family.architecture) +
                                                " leave NMS to the caller");
  }
}

void check_inference_config(const ModelPackage& package, const Family& family,
                            ProblemList& problems) {
  if (!has_error(package, kInferenceConfig)) {
    check_post_processing(package, family, problems);
  }
  if (!package.inference_config.removed_class_names.empty() && !family.removes_classes) {
    problems.warn("class_names_operations", "is for rfdetr only and is ignored");
  }
  if (package.inference_config.network_input.resize_mode == ResizeMode::kFitLongerEdge) {
    problems.warn("network_input.resize_mode",
                  "fit-longer-edge gives every picture another size, which the network does not "
                  "take: " +
                      std::string(to_string(family.instead_of_fit_longer_edge)) +
                      " is used instead");
  }
}

/// Where the network has scores and where key points depends on both counts.
void check_key_points(const ModelPackage& package, ProblemList& problems) {
  const std::size_t described = package.key_points.size();
  const std::size_t classes = package.class_names.size();
  if (described == 0 || classes == 0 || described == classes) {
    return;  // Nothing was read: that is a problem already.
  }
  problems.error("", "describes " + std::to_string(described) +
                         " classes, but class_names.txt has " + std::to_string(classes) + " names");
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
  ProblemList of_model(kModelConfig, problems);
  const Family* const family = find_family(config.model_architecture, config.task_type);
  if (family != nullptr) {
    check_features(package, *family, of_model);
    ProblemList of_inference(kInferenceConfig, problems);
    check_inference_config(package, *family, of_inference);
    if (family->task == Task::kKeyPointDetection && !has_error(package, kKeyPoints)) {
      ProblemList of_key_points(kKeyPoints, problems);
      check_key_points(package, of_key_points);
    }
  } else if (!has_error(package, kModelConfig)) {  // Else what it names may be what is wrong.
    of_model.error("model_architecture",
                   in_quotes(config.model_architecture) + " for task " +
                       in_quotes(config.task_type) + " is not known: expected one of " +
                       known_families(),
                   ErrorCode::kModelImplementationNotFound);
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
