#include "inspect_package.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "error.hpp"
#include "files.hpp"
#include "inspect.hpp"
#include "inspect_text.hpp"
#include "replayrt/load_engine.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kNamesShown = 8;

std::string or_unknown(const std::string& text) {
  return text.empty() ? "unknown" : one_line(text);
}

std::string size_text(const ImageSize& size) {
  return fmt::format("{}x{}", size.height, size.width);
}

std::vector<fs::path> weights_of(const ModelPackage& package) {
  std::vector<fs::path> files;
  for (const auto& file : {package.onnx_weights, package.trt_plan}) {
    if (file) {
      files.push_back(*file);
    }
  }
  return files;
}

std::int64_t size_of(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

std::string weights_text(const ModelPackage& package) {
  std::vector<std::string> parts;
  for (const fs::path& file : weights_of(package)) {
    parts.push_back(
        fmt::format("{} ({})", file.filename().string(), byte_size_text(size_of(file))));
  }
  return parts.empty() ? "none" : join(parts, ", ");
}

std::string input_text(const NetworkInput& input) {
  const ImageSize size = input.training_input_size;
  std::string text = size_text(size);
  if (size == ImageSize{}) {
    text = input.dynamic_spatial_size.supported ? "size of the image" : "unknown size";
  }
  text += fmt::format(", {} channels {}, {}", input.input_channels, to_string(input.color_mode),
                      to_string(input.resize_mode));
  if (input.resize_mode == ResizeMode::kLetterbox) {
    text += fmt::format(" (filled with {})", input.padding_value);
  }
  if (input.dynamic_spatial_size.supported) {
    const std::int64_t divisor = input.dynamic_spatial_size.divisor;
    text += divisor > 1 ? fmt::format(", other sizes that {} divides", divisor) : ", other sizes";
  }
  return text;
}

std::string values_text(const NetworkInput& input) {
  std::vector<std::string> parts;
  if (input.multiplier) {
    parts.push_back(fmt::format("times {:.6g}", *input.multiplier));
  } else if (input.scaling_factor) {
    parts.push_back(fmt::format("divided by {}", *input.scaling_factor));
  }
  if (input.normalization) {
    parts.push_back(fmt::format("less {}, divided by {}",
                                fmt::join(input.normalization->first, " "),
                                fmt::join(input.normalization->second, " ")));
  }
  return parts.empty() ? "as they are" : join(parts, ", ");
}

std::string pre_processing_text(const ImagePreProcessing& steps) {
  std::vector<std::string> parts;
  if (steps.auto_orient) {
    parts.emplace_back("auto-orient");
  }
  if (steps.static_crop) {
    parts.push_back(fmt::format("static crop (x {} to {} %, y {} to {} %)",
                                steps.static_crop->x_min, steps.static_crop->x_max,
                                steps.static_crop->y_min, steps.static_crop->y_max));
  }
  if (steps.contrast) {
    parts.push_back(fmt::format("contrast ({})", to_string(*steps.contrast)));
  }
  if (steps.grayscale) {
    parts.emplace_back("grayscale");
  }
  return parts.empty() ? "none" : join(parts, ", ");
}

std::string batch_text(const ModelPackage& package) {
  const InferenceConfig& config = package.inference_config;
  std::string text = "any";
  if (config.static_batch_size) {
    text = fmt::format("{}", *config.static_batch_size);
  } else if (config.max_dynamic_batch_size) {
    text = fmt::format("1 to {}", *config.max_dynamic_batch_size);
  }
  if (package.trt_config) {
    const TrtConfig& plan = *package.trt_config;
    if (plan.static_batch_size) {
      text += fmt::format("; of the plan {}", *plan.static_batch_size);
    } else if (plan.dynamic_batch_size_min && plan.dynamic_batch_size_max) {
      text += fmt::format("; of the plan {} to {}", *plan.dynamic_batch_size_min,
                          *plan.dynamic_batch_size_max);
    }
  }
  return text;
}

std::string classes_text(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
    shown.push_back(one_line(names[i]));
  }
  if (names.size() > kNamesShown) {
    shown.emplace_back("...");
  }
  return names.empty() ? "0" : fmt::format("{}: {}", names.size(), join(shown, ", "));
}

std::string post_processing_text(const std::optional<PostProcessing>& post) {
  if (!post) {
    return "of the family";
  }
  std::string text = std::string(to_string(post->type));
  if (post->fused) {
    text += ", done by the network";
  }
  if (const auto& nms = post->nms_parameters) {
    text += fmt::format(", at most {} detections, confidence {}, IoU {}{}", nms->max_detections,
                        nms->confidence_threshold, nms->iou_threshold,
                        nms->class_agnostic ? ", across classes" : "");
  }
  return text;
}

std::string recommended_text(const RecommendedParameters& parameters) {
  std::vector<std::string> parts;
  if (parameters.confidence) {
    parts.push_back(fmt::format("confidence {}", *parameters.confidence));
  }
  for (const auto& [name, confidence] : parameters.per_class_confidence) {
    if (parts.size() == kNamesShown) {
      parts.emplace_back("...");
      break;
    }
    parts.push_back(fmt::format("{} {}", one_line(name), confidence));
  }
  return parts.empty() ? "nothing" : join(parts, ", ");
}

bool is_error(const PackageProblem& problem) {
  return problem.severity == PackageProblem::Severity::kError;
}

std::string_view severity_text(const PackageProblem& problem) {
  return is_error(problem) ? "error" : "warning";
}

Json crop_json(const ImagePreProcessing::StaticCrop& crop) {
  return {
      {"x_min", crop.x_min}, {"x_max", crop.x_max}, {"y_min", crop.y_min}, {"y_max", crop.y_max}};
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json input_json(const NetworkInput& input) {
  Json normalization;
  if (input.normalization) {
    normalization = {{"means", input.normalization->first}, {"stds", input.normalization->second}};
  }
  return {{"size", {input.training_input_size.height, input.training_input_size.width}},
          {"channels", input.input_channels},
          {"color_mode", to_string(input.color_mode)},
          {"resize_mode", to_string(input.resize_mode)},
          {"padding_value", input.padding_value},
          {"scaling_factor", or_null(input.scaling_factor)},
          {"normalization", std::move(normalization)},
          {"other_sizes", input.dynamic_spatial_size.supported},
          {"size_divisor", input.dynamic_spatial_size.divisor}};
}

Json pre_processing_json(const ImagePreProcessing& steps) {
  return {{"auto_orient", steps.auto_orient},
          {"static_crop", steps.static_crop ? crop_json(*steps.static_crop) : Json()},
          {"contrast", steps.contrast ? Json(to_string(*steps.contrast)) : Json()},
          {"grayscale", steps.grayscale}};
}

Json post_processing_json(const std::optional<PostProcessing>& post) {
  if (!post) {
    return nullptr;
  }
  Json json = {{"type", to_string(post->type)}, {"fused", post->fused}};
  if (const auto& nms = post->nms_parameters) {
    json["max_detections"] = nms->max_detections;
    json["confidence_threshold"] = nms->confidence_threshold;
    json["iou_threshold"] = nms->iou_threshold;
    json["class_agnostic"] = nms->class_agnostic;
  }
  return json;
}

Json batch_json(const ModelPackage& package) {
  const InferenceConfig& config = package.inference_config;
  Json json = {{"static", or_null(config.static_batch_size)},
               {"max_dynamic", or_null(config.max_dynamic_batch_size)}};
  if (package.trt_config) {
    json["plan"] = {{"static", or_null(package.trt_config->static_batch_size)},
                    {"min", or_null(package.trt_config->dynamic_batch_size_min)},
                    {"opt", or_null(package.trt_config->dynamic_batch_size_opt)},
                    {"max", or_null(package.trt_config->dynamic_batch_size_max)}};
  }
  return json;
}

bool has_backend(std::string_view name) {
  return std::ranges::any_of(list_backends(), [&](const BackendInfo& backend) {
    return backend.name == name && backend.available;
  });
}

}  // namespace

bool looks_like_package(const fs::path& folder) {
  constexpr std::array<const char*, 5> kFiles = {"model_config.json", "inference_config.json",
                                                 "class_names.txt", "weights.onnx", "engine.plan"};
  return std::ranges::any_of(kFiles, [&](const char* file) {
    std::error_code ignored;
    return fs::exists(folder / file, ignored);
  });
}

std::string package_text(const ModelPackage& package) {
  const ModelConfig& model = package.model_config;
  const InferenceConfig& config = package.inference_config;
  std::vector<std::pair<std::string, std::string>> rows = {
      {"package", package.folder.string()},
      {"architecture", or_unknown(model.model_architecture)},
      {"task", or_unknown(model.task_type)},
      {"backend", or_unknown(model.backend_type)},
      {"weights", weights_text(package)},
      {"input", input_text(config.network_input)},
      {"values", values_text(config.network_input)},
      {"pre-processing", pre_processing_text(config.image_pre_processing)},
      {"batch", batch_text(package)},
      {"classes", classes_text(package.class_names)},
      {"post-processing", post_processing_text(config.post_processing)},
      {"recommended", recommended_text(model.recommended_parameters)}};
  if (!model.model_id.empty()) {
    rows.insert(rows.begin() + 1, {"model", one_line(model.model_id)});
  }
  if (!config.removed_class_names.empty()) {
    rows.emplace_back("removed", classes_text(config.removed_class_names));
  }
  if (!package.key_points.empty()) {
    rows.emplace_back("key points", fmt::format("of {} classes", package.key_points.size()));
  }
  if (is_of_text(package)) {
    rows.emplace_back("text", text_settings(package));
  }
  std::string text;
  for (const auto& [name, value] : rows) {
    text += fmt::format("{:<15}  {}\n", name, value);
  }
  if (!package.problems.empty()) {
    text += "\nproblems\n";
  }
  for (const PackageProblem& problem : package.problems) {
    text += fmt::format("  {:<7}  {}\n", severity_text(problem), one_line(problem.text()));
  }
  return text;
}

Json package_json(const ModelPackage& package) {
  const ModelConfig& model = package.model_config;
  const InferenceConfig& config = package.inference_config;
  Json weights = Json::array();
  for (const fs::path& file : weights_of(package)) {
    weights.push_back({{"file", file.filename().string()}, {"bytes", size_of(file)}});
  }
  Json problems = Json::array();
  for (const PackageProblem& problem : package.problems) {
    problems.push_back({{"severity", severity_text(problem)},
                        {"code", to_string(problem.code)},
                        {"file", problem.file},
                        {"key", problem.key},
                        {"message", problem.message}});
  }
  Json json = {{"package", package.folder.string()},
               {"usable", package.usable()},
               {"model_id", model.model_id},
               {"architecture", model.model_architecture},
               {"task", model.task_type},
               {"package_backend", model.backend_type},
               {"weights", std::move(weights)},
               {"input", input_json(config.network_input)},
               {"pre_processing", pre_processing_json(config.image_pre_processing)},
               {"batch", batch_json(package)},
               {"class_names", package.class_names},
               {"removed_class_names", config.removed_class_names},
               {"post_processing", post_processing_json(config.post_processing)},
               {"recommended",
                {{"confidence", or_null(model.recommended_parameters.confidence)},
                 {"per_class_confidence", model.recommended_parameters.per_class_confidence}}},
               {"problems", std::move(problems)}};
  if (is_of_text(package)) {
    json["input"]["multiplier"] = or_null(config.network_input.multiplier);
    json["text"] = text_settings_json(package);
  }
  return json;
}

std::optional<fs::path> loadable_weights(const ModelPackage& package, std::string_view backend) {
  if (package.onnx_weights && backend != "tensorrt" && has_backend("openvino")) {
    return package.onnx_weights;
  }
  if (package.trt_plan && backend != "openvino" && has_backend("tensorrt")) {
    return package.trt_plan;
  }
  return std::nullopt;
}

void require_no_errors(const ModelPackage& package) {
  const auto first = std::ranges::find_if(package.problems, is_error);
  if (first == package.problems.end()) {
    return;
  }
  const auto errors = std::ranges::count_if(package.problems, is_error);
  throw Error(first->code,
              fmt::format("{}: this package cannot be used: {} {}", package.folder.string(), errors,
                          errors == 1 ? "error" : "errors"));
}

void inspect_package(const LoadFlags& flags, bool as_json) {
  if (!looks_like_package(flags.model)) {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("{}: is a directory, and no model package, which would have a "
                            "model_config.json",
                            flags.model.string()));
  }
  const ModelPackage package = read_model_package(flags.model);
  const std::optional<fs::path> weights =
      package.usable() ? loadable_weights(package, flags.options.backend) : std::nullopt;
  std::optional<Engine> engine;
  std::exception_ptr failure;
  LoadFlags of_weights = flags;
  if (weights) {
    of_weights.model = *weights;
    try {
      engine = load(of_weights);
    } catch (const UsageError&) {
      throw;
    } catch (const Error&) {
      failure = std::current_exception();  // The report comes first.
    }
  }
  if (as_json) {
    Json json = package_json(package);
    if (engine) {
      json.update(engine_json(of_weights, *engine));
    }
    write_json(json);
  } else {
    write_stdout(package_text(package) +
                 (engine ? "\n" + engine_text(of_weights, *engine) : std::string()));
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  require_no_errors(package);
}

}  // namespace replayrt::cli
