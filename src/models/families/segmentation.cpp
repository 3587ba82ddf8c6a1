// Instance segmentation of the YOLO families: detection, and masks that are mixed from prototypes.

#include "models/families/shared.hpp"

namespace replayrt::models {
namespace {

constexpr std::string_view kReference = "inference-models 0.39.6, ONNX on the CPU";
constexpr std::size_t kBeforeCoefficients = 6;  // Of final rows: sides, confidence, class.

/// Coefficients come last in each of the first output's rows.
Coefficients last_in_rows(const HeadOutput& rows, std::int64_t count) {
  const auto columns = static_cast<std::size_t>(rows.shape()[2]);
  return {.output = &rows,
          .first = columns - static_cast<std::size_t>(count),
          .row_step = columns,
          .step = 1};
}

/// The same of rows that are columns.
Coefficients last_in_channels(const HeadOutput& channels, std::int64_t count) {
  const auto rows = static_cast<std::size_t>(channels.shape()[2]);
  return {.output = &channels,
          .first = static_cast<std::size_t>(channels.shape()[1] - count) * rows,
          .row_step = 1,
          .step = rows};
}

InstanceDetections mixed(const DecodeInput& input, const std::vector<Candidate>& boxes,
                         const Coefficients& coefficients, std::size_t image,
                         const PreProcessingMetadata& metadata) {
  return with_mixed_masks(boxes, coefficients, input.outputs[1], PrototypeAxis::kFirst, image,
                          metadata, input.masks);
}

Prediction decode_ultralytics(const DecodeInput& input, std::size_t image,
                              const PreProcessingMetadata& metadata) {
  if (input.fused) {
    return decode_selected_with_masks(input, image, metadata);
  }
  const HeadOutput& channels = input.outputs[0];
  const std::int64_t count = prototype_count(input.outputs[1], PrototypeAxis::kFirst);
  const auto boxes = decode_channels_first(channels, image, input.settings, count);
  return mixed(input, boxes, last_in_channels(channels, count), image, metadata);
}

/// `OfReference`: what the reference takes the objectness for.
template <Objectness OfReference>
Prediction decode_with_objectness(const DecodeInput& input, std::size_t image,
                                  const PreProcessingMetadata& metadata) {
  const HeadOutput& rows = input.outputs[0];
  const std::int64_t count = prototype_count(input.outputs[1], PrototypeAxis::kFirst);
  const auto boxes =
      decode_objectness(rows, image, input.settings, count,
                        input.settings.reference_compatible ? OfReference : Objectness::kSelects);
  return mixed(input, boxes, last_in_rows(rows, count), image, metadata);
}

Family with_objectness(std::string_view architecture, Decode decode) {
  return {.architecture = architecture,
          .task = Task::kInstanceSegmentation,
          .decode = decode,
          .class_axis = ClassAxis{.axis = 2, .others = 5, .prototypes = 1},
          .parameters = {.confidence = true, .nms = true, .max_detections = true, .masks = true},
          .output_count = 2,
          .tested_against = kReference};
}

}  // namespace

Prediction decode_selected_with_masks(const DecodeInput& input, std::size_t image,
                                      const PreProcessingMetadata& metadata) {
  const HeadOutput& rows = input.outputs[0];
  const std::int64_t count = prototype_count(input.outputs[1], PrototypeAxis::kFirst);
  const DetectionSettings& settings = input.settings;
  const bool as_reference = settings.reference_compatible;
  const auto boxes = decode_final_rows(
      rows, image, settings.threshold, as_reference ? AtThreshold::kPasses : AtThreshold::kFails,
      as_reference ? kNoMaxDetections : settings.max_detections, count);
  Coefficients coefficients = last_in_rows(rows, count);
  coefficients.first = kBeforeCoefficients;
  return mixed(input, boxes, coefficients, image, metadata);
}

Family ultralytics_segmentation(std::string_view architecture) {
  return {.architecture = architecture,
          .task = Task::kInstanceSegmentation,
          .decode = decode_ultralytics,
          .post_processing = PostProcessing::Type::kNms,
          .fused = Fused::kObeyed,
          .class_axis = ClassAxis{.axis = 1, .others = 4, .prototypes = 1},
          .parameters = {.confidence = true,
                         .nms = true,
                         .max_detections = true,
                         .masks = true,
                         .smoothing = true},
          .masks_are_smooth = true,
          .output_count = 2,
          .features = {"nms_fused"},
          .tested_against = kReference};
}

Family yolov5_segmentation() {
  return with_objectness("yolov5", decode_with_objectness<Objectness::kSelectsAndIsClass>);
}

Family yolov7_segmentation() {
  Family family = with_objectness("yolov7", decode_with_objectness<Objectness::kIsClass>);
  family.outputs_used = {0, 4};  // Between them are those of the three levels, for training.
  return family;
}

}  // namespace replayrt::models
