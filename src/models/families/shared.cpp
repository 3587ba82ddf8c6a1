#include "models/families/shared.hpp"

#include "models/postprocess/classify.hpp"
#include "models/postprocess/maps.hpp"

namespace replayrt::models {
namespace {

constexpr std::string_view kReference = "inference-models 0.39.6, ONNX on the CPU";

Prediction decode_ultralytics(const DecodeInput& input, std::size_t image,
                              const PreProcessingMetadata& metadata) {
  if (input.fused) {
    return decode_selected(input, image, metadata);
  }
  return to_detections(decode_channels_first(input.outputs[0], image, input.settings), metadata);
}

Prediction decode_single_label(const DecodeInput& input, std::size_t image,
                               const PreProcessingMetadata& /*metadata*/) {
  return classify(input.outputs[0], image, input.fused);
}

Prediction decode_multi_label(const DecodeInput& input, std::size_t image,
                              const PreProcessingMetadata& /*metadata*/) {
  return classify_multi_label(input.outputs[0], image, input.fused, input.settings.threshold,
                              input.settings.reference_compatible);
}

}  // namespace

Family ultralytics_detection(std::string_view architecture) {
  return {.architecture = architecture,
          .task = Task::kObjectDetection,
          .decode = decode_ultralytics,
          .post_processing = PostProcessing::Type::kNms,
          .fused = Fused::kObeyed,
          .class_axis = ClassAxis{.axis = 1, .others = 4},
          .parameters = {.confidence = true, .nms = true, .max_detections = true},
          .features = {"nms_fused"},
          .tested_against = kReference};
}

Family single_label(std::string_view architecture) {
  return {.architecture = architecture,
          .task = Task::kClassification,
          .decode = decode_single_label,
          .post_processing = PostProcessing::Type::kSoftmax,
          .fused = Fused::kObeyed,
          .class_axis = ClassAxis{.axis = 1},
          .tested_against = kReference};
}

Family multi_label(std::string_view architecture) {
  return {.architecture = architecture,
          .task = Task::kMultiLabelClassification,
          .decode = decode_multi_label,
          .post_processing = PostProcessing::Type::kSigmoid,
          .fused = Fused::kObeyed,
          .class_axis = ClassAxis{.axis = 1},
          .parameters = {.confidence = true},
          .tested_against = kReference};
}

Prediction decode_selected(const DecodeInput& input, std::size_t image,
                           const PreProcessingMetadata& metadata) {
  const DetectionSettings& settings = input.settings;
  const bool as_reference = settings.reference_compatible;
  return to_detections(decode_final_rows(input.outputs[0], image, settings.threshold,
                                         as_reference ? AtThreshold::kPasses : AtThreshold::kFails,
                                         as_reference ? kNoMaxDetections : settings.max_detections),
                       metadata);
}

Prediction decode_segmentation(const DecodeInput& input, std::size_t image,
                               const PreProcessingMetadata& metadata) {
  const SegmentClasses classes{input.package->class_names.size(),
                               input.package->background_class.value_or(0)};
  return segment(input.outputs[0], image, metadata, classes, input.settings.threshold,
                 input.settings.reference_compatible);
}

Prediction decode_with_objectness(const DecodeInput& input, std::size_t image,
                                  const PreProcessingMetadata& metadata) {
  return to_detections(decode_objectness(input.outputs[0], image, input.settings), metadata);
}

}  // namespace replayrt::models
