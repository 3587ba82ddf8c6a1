#include "models/families/key_points.hpp"

namespace replayrt::models {
namespace {

Prediction decode(const DecodeInput& input, std::size_t image,
                  const PreProcessingMetadata& metadata) {
  if (input.fused) {
    return decode_selected_key_points(input, image, metadata);
  }
  return key_points_channels_first(input.outputs[0], image, input.settings,
                                   key_point_settings(input), metadata);
}

}  // namespace

Family ultralytics_key_points(std::string_view architecture) {
  return {.architecture = architecture,
          .task = Task::kKeyPointDetection,
          .decode = decode,
          .post_processing = PostProcessing::Type::kNms,
          .fused = Fused::kObeyed,
          .class_axis = ClassAxis{.axis = 1, .others = 4, .per_key_point = 3},
          .parameters = {.confidence = true,
                         .nms = true,
                         .max_detections = true,
                         .key_points_threshold = true},
          .features = {"nms_fused"},
          .tested_against = "inference-models 0.39.6, ONNX on the CPU"};
}

Prediction decode_selected_key_points(const DecodeInput& input, std::size_t image,
                                      const PreProcessingMetadata& metadata) {
  const DetectionSettings& settings = input.settings;
  const bool as_reference = settings.reference_compatible;
  return key_points_of_final_rows(input.outputs[0], image, settings.threshold,
                                  as_reference ? AtThreshold::kPasses : AtThreshold::kFails,
                                  as_reference ? kNoMaxDetections : settings.max_detections,
                                  key_point_settings(input), metadata);
}

KeyPointSettings key_point_settings(const DecodeInput& input) {
  return {.classes = input.key_points,
          .threshold = input.settings.key_points_threshold,
          .at_threshold = input.settings.reference_compatible};
}

}  // namespace replayrt::models
