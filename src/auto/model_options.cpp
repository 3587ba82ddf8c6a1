// What the options of a call are to a model: whether they apply, and what they make of its answers.

#include <cmath>
#include <string>

#include "auto/model_state.hpp"

namespace replayrt::detail {
namespace {

void require_range(const char* name, double value, double low, double high) {
  if (!(value >= low && value <= high)) {
    throw Error(ErrorCode::kInvalidParameter, std::string(name) + " is " + std::to_string(value) +
                                                  ": expected " + std::to_string(low) + " to " +
                                                  std::to_string(high));
  }
}

}  // namespace

void ModelState::require_applicable(const PredictOptions& options) const {
  if (options.iou_threshold.has_value()) {
    require_range("iou_threshold", *options.iou_threshold, 0, 1);
  }
  if (options.key_points_threshold.has_value()) {
    require_range("key_points_threshold", *options.key_points_threshold, 0, 1);
  }
  if (options.max_detections.value_or(0) < 0) {
    throw Error(
        ErrorCode::kInvalidParameter,
        "max_detections is " + std::to_string(*options.max_detections) + ": expected 0 or more");
  }
  if (options.masks_resolution_factor.has_value()) {
    require_range("masks_resolution_factor", *options.masks_resolution_factor, 0, 1);
  }
  if (!std::isfinite(options.masks_binarization_threshold.value_or(0))) {
    throw Error(ErrorCode::kInvalidParameter,
                "masks_binarization_threshold is " +
                    std::to_string(*options.masks_binarization_threshold) + ": expected a number");
  }
  if (reference_compatible_) {
    return;  // The reference drops what it does not know.
  }
  const auto refuse = [&](const char* name, const std::string& why) {
    throw Error(ErrorCode::kInvalidParameter, std::string(name) + " does not apply to " +
                                                  std::string(family_.architecture) + " for " +
                                                  std::string(to_string(family_.task)) + why);
  };
  const models::Parameters& known = family_.parameters;
  const bool confidence =
      options.confidence.threshold().has_value() || options.confidence.is_best();
  if (confidence && !known.confidence) {
    refuse("confidence", ": " + std::string(known.instead_of_confidence));
  }
  if (options.max_detections.has_value() && !known.max_detections) {
    refuse("max_detections", "");
  }
  if (options.masks_resolution_factor.has_value() && !known.masks) {
    refuse("masks_resolution_factor", "");
  }
  if (options.masks_smoothing_enabled.has_value() && !known.smoothing) {
    refuse("masks_smoothing_enabled", "");
  }
  if (options.masks_binarization_threshold.has_value() && !known.smoothing) {
    refuse("masks_binarization_threshold", "");
  }
  if (options.key_points_threshold.has_value() && !known.key_points_threshold) {
    refuse("key_points_threshold", "");
  }
  const bool selects = known.nms && network_has_selected();
  const std::string why =
      selects ? ": this network has done NMS itself (post_processing.fused)" : "";
  if (options.iou_threshold.has_value() && (!known.nms || selects)) {
    refuse("iou_threshold", why);
  }
  if (options.class_agnostic_nms.has_value() && (!known.nms || selects)) {
    refuse("class_agnostic_nms", why);
  }
}

models::DetectionSettings ModelState::settings_for(const PredictOptions& options) const {
  const std::int64_t most =
      network_has_selected() ? models::kNoMaxDetections : family_.default_max_detections;
  return {.threshold = models::resolve_confidence(options.confidence, recommended_,
                                                  family_.default_confidence, class_names_),
          .iou_threshold =
              static_cast<float>(options.iou_threshold.value_or(models::kDefaultIouThreshold)),
          .key_points_threshold = static_cast<float>(
              options.key_points_threshold.value_or(family_.default_key_points_threshold)),
          .max_detections = options.max_detections.value_or(most),
          .class_agnostic = options.class_agnostic_nms.value_or(false),
          .reference_compatible = reference_compatible_};
}

models::MaskSettings ModelState::mask_settings_for(const PredictOptions& options) const {
  constexpr double kEvenOdds = 0.5;
  models::MaskSettings settings{.smooth = family_.masks_are_smooth,
                                .resolution_factor = options.masks_resolution_factor.value_or(1),
                                .reference_compatible = reference_compatible_};
  double threshold = family_.masks_are_smooth ? kEvenOdds : 0;
  if (family_.parameters.smoothing) {
    settings.smooth = options.masks_smoothing_enabled.value_or(settings.smooth);
    // The reference keeps the threshold of probabilities for logits.
    threshold = settings.smooth || reference_compatible_ ? threshold : 0;
    threshold = options.masks_binarization_threshold.value_or(threshold);
  }
  settings.threshold = static_cast<float>(threshold);
  return settings;
}

}  // namespace replayrt::detail
