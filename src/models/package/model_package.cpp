#include "replayrt/models/model_package.hpp"

#include <algorithm>
#include <iterator>
#include <new>

#include "models/families/family.hpp"
#include "models/package/class_names.hpp"
#include "models/package/inference_config.hpp"
#include "models/package/inference_yml.hpp"
#include "models/package/key_points.hpp"
#include "models/package/manifest.hpp"
#include "models/package/model_config.hpp"
#include "models/package/package_files.hpp"
#include "models/package/text.hpp"
#include "models/package/trt_config.hpp"
#include "models/package/weights.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

namespace fs = std::filesystem;
using models::Family;
using models::PackageFiles;
using models::PackageFormat;
using models::ProblemList;

constexpr std::size_t kMostJsonBytes = std::size_t{16} << 20;
constexpr std::size_t kMostClassNamesBytes = std::size_t{4} << 20;
constexpr std::size_t kMostYamlBytes = std::size_t{4} << 20;

/// The reference's classes for these tasks know nothing of class names.
bool needs_class_names(const ModelConfig& config) {
  const std::optional<Task> task = task_from_string(config.task_type);
  return task != Task::kDepthEstimation && task != Task::kTextOnlyOcr;
}

/// inference_config.json and class_names.txt.
void read_roboflow_files(PackageFiles& files, ModelPackage& package) {
  std::vector<PackageProblem>& problems = package.problems;
  models::find_weights(files, package);
  const bool names_needed = needs_class_names(package.model_config);
  if (const auto text =
          files.read("class_names.txt", kMostClassNamesBytes, names_needed, problems)) {
    package.class_names = models::parse_class_names(*text, problems);
    if (task_from_string(package.model_config.task_type) == Task::kSemanticSegmentation &&
        !package.class_names.empty()) {
      package.background_class = models::find_background(package.class_names, problems);
    }
  }
  if (const auto text = files.read("inference_config.json", kMostJsonBytes, true, problems)) {
    package.inference_config = models::parse_inference_config(*text, problems);
  }
}

/// inference.yml.
void read_paddle_files(PackageFiles& files, const Family& family, ModelPackage& package) {
  constexpr const char* kFile = "inference.yml";
  std::vector<PackageProblem>& problems = package.problems;
  models::find_weights(files, package, models::kPaddleOnnxFile);
  for (const char* name : {"class_names.txt", "inference_config.json"}) {
    if (files.has(name)) {
      ProblemList(name, problems)
          .warn("", "is not read: architecture " + std::string(family.architecture) + " has " +
                        kFile + " in its place");
    }
  }
  const auto text = files.read(kFile, kMostYamlBytes, true, problems);
  NetworkInput& network = package.inference_config.network_input;
  if (family.task == Task::kTextOnlyOcr) {
    package.text_recognition =
        text ? models::parse_text_recognition(*text, network, problems) : TextRecognitionConfig{};
  } else {
    package.class_names = {"text"};
    package.text_detection =
        text ? models::parse_text_detection(*text, network, problems) : TextDetectionConfig{};
  }
}

void read_trt_config(PackageFiles& files, ModelPackage& package) {
  constexpr const char* kFile = "trt_config.json";
  const bool has_plan = files.has("engine.plan");
  if (!has_plan && files.has(kFile)) {
    ProblemList(kFile, package.problems).warn("", "is not read: there is no engine.plan");
  }
  if (!has_plan) {
    return;
  }
  if (const auto text = files.read(kFile, kMostJsonBytes, true, package.problems)) {
    package.trt_config = models::parse_trt_config(*text, package.problems);
  }
}

void read_manifest(PackageFiles& files, ModelPackage& package) {
  constexpr const char* kFile = "local_trt_package_manifest.json";
  package.has_manifest = files.has(kFile);
  const auto text = files.read(kFile, kMostJsonBytes, false, package.problems);
  if (!text) {
    return;
  }
  if (!files.has("engine.plan")) {
    ProblemList(kFile, package.problems).warn("", "belongs to an engine.plan, which is not there");
  }
  models::verify_files(models::parse_manifest(*text, package.problems), files, package.problems);
}

/// keypoints_metadata.json, which other tasks may have and need not.
void read_key_points(PackageFiles& files, const Family* family, ModelPackage& package) {
  const bool needed = family != nullptr && family->task == Task::kKeyPointDetection;
  const auto text = files.read("keypoints_metadata.json", kMostJsonBytes, needed, package.problems);
  if (!text) {
    return;
  }
  std::vector<bool> removed;
  const std::vector<std::string>& names = package.inference_config.removed_class_names;
  if (family != nullptr && family->removes_classes && !names.empty()) {
    for (const std::string& name : package.class_names) {
      removed.push_back(std::ranges::find(names, name) != names.end());
    }
  }
  package.key_points = models::parse_key_points(*text, removed, package.problems);
}

ModelPackage read_package(const fs::path& folder) {
  PackageFiles files(folder);
  ModelPackage package;
  package.folder = folder;
  std::vector<PackageProblem>& problems = package.problems;
  if (const auto text = files.read("model_config.json", kMostJsonBytes, true, problems)) {
    package.model_config = models::parse_model_config(*text, problems);
  }
  const Family* const family =
      models::find_family(package.model_config.model_architecture, package.model_config.task_type);
  if (family != nullptr && family->format == PackageFormat::kPaddle) {
    read_paddle_files(files, *family, package);
  } else {
    read_roboflow_files(files, package);
  }
  read_trt_config(files, package);
  read_key_points(files, family, package);
  read_manifest(files, package);
  std::ranges::move(models::family_problems(package), std::back_inserter(problems));
  return package;
}

bool is_error(const PackageProblem& problem) {
  return problem.severity == PackageProblem::Severity::kError;
}

}  // namespace

std::string PackageProblem::text() const {
  std::string result = file;
  if (!key.empty()) {
    result.append(result.empty() ? "" : ": ").append(key);
  }
  return result.append(result.empty() ? "" : ": ").append(message);
}

bool ModelPackage::usable() const noexcept {
  return std::ranges::none_of(problems, is_error);
}

ModelPackage read_model_package(const fs::path& folder) {
  const std::string name = "package " + models::in_quotes(folder.string());
  try {
    return read_package(folder);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, name + " cannot be read: out of memory");
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::kFileAccess, name + " cannot be read: " + error.code().message());
  }
}

void require_usable(const ModelPackage& package) {
  const std::string name = "package " + models::in_quotes(package.folder.string()) + ": ";
  for (const PackageProblem& problem : package.problems) {
    if (!is_error(problem)) {
      log(LogLevel::kWarning, name + problem.text());
    }
  }
  const auto first = std::ranges::find_if(package.problems, is_error);
  if (first == package.problems.end()) {
    return;
  }
  std::string message = name + first->text();
  const auto more = std::count_if(first + 1, package.problems.end(), is_error);
  if (more > 0) {
    message.append(" (and ").append(std::to_string(more));
    message.append(more == 1 ? " more error)" : " more errors)");
  }
  throw Error(first->code, message);
}

}  // namespace replayrt
