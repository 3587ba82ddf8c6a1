#include "models/families/key_points.hpp"
#include "models/families/shared.hpp"

namespace replayrt::models {
namespace {

constexpr std::int64_t kMostMasks = 300;

Prediction decode(const DecodeInput& input, std::size_t image,
                  const PreProcessingMetadata& metadata) {
  const ImageSize canvas = metadata.nonsquare_intermediate_size.value_or(metadata.inference_size);
  return to_detections(decode_queries(input.outputs[0], input.outputs[1], image, canvas,
                                      *input.classes, input.settings),
                       metadata);
}

/// Masks, like boxes, are of the size between the two resizes, if there are two.
Prediction decode_with_masks(const DecodeInput& input, std::size_t image,
                             const PreProcessingMetadata& metadata) {
  PreProcessingMetadata of_canvas = metadata;
  of_canvas.inference_size = metadata.nonsquare_intermediate_size.value_or(metadata.inference_size);
  const auto boxes = decode_queries(input.outputs[0], input.outputs[1], image,
                                    of_canvas.inference_size, *input.classes, input.settings);
  return with_given_masks(boxes, input.outputs[2], input.outputs[0].shape()[1], image, of_canvas,
                          input.masks);
}

Prediction decode_key_points(const DecodeInput& input, std::size_t image,
                             const PreProcessingMetadata& metadata) {
  return key_points_of_queries({&input.outputs[0], &input.outputs[1], &input.outputs[2]}, image,
                               *input.classes, input.settings, key_point_settings(input), metadata);
}

Family object_detection() {
  return {.architecture = "rfdetr",
          .task = Task::kObjectDetection,
          .decode = decode,
          .instead_of_fit_longer_edge = ResizeMode::kStretch,
          .padding_instead = 0,
          .resampling = Resampling::kPillow,
          .boxes_are_relative = true,
          .removes_classes = true,
          .parameters = {.confidence = true, .max_detections = true},
          .default_max_detections = kNoMaxDetections,
          .output_count = 2,
          .output_names = {"dets", "labels"},
          .features = {"resolution", "patch_size", "num_windows", "dec_layers", "num_queries",
                       "num_select"},
          .tested_against = "inference-models 0.39.6, ONNX on the CPU"};
}

Family instance_segmentation() {
  Family family = object_detection();
  family.task = Task::kInstanceSegmentation;
  family.decode = decode_with_masks;
  family.parameters.masks = true;
  family.default_max_detections = kMostMasks;
  family.output_count = 3;
  family.output_names.emplace_back("masks");
  return family;
}

Family key_point_detection() {
  Family family = object_detection();
  family.task = Task::kKeyPointDetection;
  family.decode = decode_key_points;
  family.parameters.key_points_threshold = true;
  family.default_key_points_threshold = 0.3;
  family.output_count = 3;
  family.output_names.emplace_back("keypoints");
  return family;
}

}  // namespace

std::vector<Family> rfdetr_families() {
  return {object_detection(), instance_segmentation(), key_point_detection()};
}

}  // namespace replayrt::models
