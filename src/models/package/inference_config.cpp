#include "models/package/inference_config.hpp"

#include <array>
#include <limits>

#include "models/package/json_reader.hpp"
#include "models/package/network_input.hpp"

namespace replayrt::models {
namespace {

constexpr std::array<std::pair<std::string_view, ContrastType>, 3> kContrastTypes = {{
    {"Adaptive Equalization", ContrastType::kAdaptiveEqualization},
    {"Contrast Stretching", ContrastType::kContrastStretching},
    {"Histogram Equalization", ContrastType::kHistogramEqualization},
}};

constexpr std::array<std::pair<std::string_view, PostProcessing::Type>, 3> kPostProcessingTypes = {{
    {"nms", PostProcessing::Type::kNms},
    {"softmax", PostProcessing::Type::kSoftmax},
    {"sigmoid", PostProcessing::Type::kSigmoid},
}};

/// `{"enabled": …}` that has nothing else.
bool read_switch(const JsonValue& value) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return false;
  }
  const bool enabled = object->required("enabled").boolean().value_or(false);
  object->warn_of_unknown_keys();
  return enabled;
}

/// Both ends of a range of percents. Nothing is said of the bounds of a crop that is not made.
std::optional<std::pair<std::int64_t, std::int64_t>> read_percents(JsonObject& object, bool enabled,
                                                                   std::string_view low_key,
                                                                   std::string_view high_key) {
  const auto read = [enabled](const JsonValue& value) {
    return enabled ? value.integer_within(0, 100) : value.integer();
  };
  const JsonValue low_value = object.required(low_key);
  const std::optional<std::int64_t> low = read(low_value);
  const std::optional<std::int64_t> high = read(object.required(high_key));
  if (!enabled || !low || !high) {
    return std::nullopt;
  }
  if (*low >= *high) {
    low_value.error("expected less than the " + std::to_string(*high) + " of " +
                    std::string(high_key) + ", found " + std::to_string(*low) +
                    ": nothing would be left of an image");
    return std::nullopt;
  }
  return std::pair(*low, *high);
}

std::optional<ImagePreProcessing::StaticCrop> read_static_crop(const JsonValue& value) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return std::nullopt;
  }
  const bool enabled = object->required("enabled").boolean().value_or(false);
  const auto x = read_percents(*object, enabled, "x_min", "x_max");
  const auto y = read_percents(*object, enabled, "y_min", "y_max");
  object->warn_of_unknown_keys();
  return x && y ? std::optional(
                      ImagePreProcessing::StaticCrop{x->first, x->second, y->first, y->second})
                : std::nullopt;
}

std::optional<ContrastType> read_contrast(const JsonValue& value) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return std::nullopt;
  }
  const bool enabled = object->required("enabled").boolean().value_or(false);
  const auto type = object->required("type").choice<ContrastType>(kContrastTypes);
  object->warn_of_unknown_keys();
  return enabled ? type : std::nullopt;
}

void read_image_pre_processing(const JsonValue& value, ImagePreProcessing& steps) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return;
  }
  steps.auto_orient = read_switch(object->optional("auto-orient"));
  steps.static_crop = read_static_crop(object->optional("static-crop"));
  steps.contrast = read_contrast(object->optional("contrast"));
  steps.grayscale = read_switch(object->optional("grayscale"));
  object->warn_of_unknown_keys();
}

void read_forward_pass(const JsonValue& value, InferenceConfig& config) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return;
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  config.static_batch_size = object->optional("static_batch_size").integer_within(1, kMost);
  config.max_dynamic_batch_size =
      object->optional("max_dynamic_batch_size").integer_within(1, kMost);
  object->warn_of_unknown_keys();
}

std::optional<PostProcessing::NmsParameters> read_nms_parameters(const JsonValue& value) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return std::nullopt;
  }
  value.warn("is not used: the options of a call decide, as in the reference");
  const auto max_detections = object->required("max_detections").integer();
  const auto confidence = object->required("confidence_threshold").number();
  const auto iou = object->required("iou_threshold").number();
  const auto class_agnostic = object->required("class_agnostic").integer();
  object->warn_of_unknown_keys();
  if (!max_detections || !confidence || !iou || !class_agnostic) {
    return std::nullopt;
  }
  return PostProcessing::NmsParameters{*max_detections, *confidence, *iou, *class_agnostic != 0};
}

std::optional<PostProcessing> read_post_processing(const JsonValue& value) {
  std::optional<JsonObject> object = value.object();
  if (!object) {
    return std::nullopt;
  }
  const auto type = object->required("type").choice<PostProcessing::Type>(kPostProcessingTypes);
  if (!type) {
    return std::nullopt;
  }
  const std::optional<bool> fused = object->required("fused").boolean();
  PostProcessing result{*type, fused.value_or(false), std::nullopt};
  if (*type == PostProcessing::Type::kNms) {
    result.nms_parameters = read_nms_parameters(object->optional("nms_parameters"));
  }
  object->warn_of_unknown_keys();
  return fused ? std::optional(result) : std::nullopt;
}

void read_class_names_operations(const JsonValue& value, std::vector<std::string>& removed) {
  const std::optional<std::size_t> size = value.list_size();
  for (std::size_t i = 0; i < size.value_or(0); ++i) {
    std::optional<JsonObject> operation = value.at(i).object();
    if (!operation) {
      continue;
    }
    constexpr std::array<std::string_view, 1> kTypes = {"class_name_removal"};
    if (!operation->required("type").choice_at(kTypes)) {
      continue;
    }
    if (std::optional<std::string> name = operation->required("class_name").text()) {
      removed.push_back(std::move(*name));
    }
    operation->warn_of_unknown_keys();
  }
}

}  // namespace

InferenceConfig parse_inference_config(std::string_view text,
                                       std::vector<PackageProblem>& problems) {
  InferenceConfig config;
  read_object(text, "inference_config.json", problems,
              [&](JsonObject& root, ProblemList& /*list*/) {
                read_image_pre_processing(root.optional("image_pre_processing"),
                                          config.image_pre_processing);
                read_network_input(root.required("network_input"), config.network_input);
                read_forward_pass(root.optional_not_null("forward_pass"), config);
                config.post_processing = read_post_processing(root.optional("post_processing"));
                static_cast<void>(root.optional("model_initialization").object());
                read_class_names_operations(root.optional("class_names_operations"),
                                            config.removed_class_names);
                root.warn_of_unknown_keys();
              });
  return config;
}

}  // namespace replayrt::models
