#include "models/families/shared.hpp"

namespace replayrt::models {
namespace {

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

constexpr std::string_view kReference = "inference-models 0.39.6, ONNX on the CPU";
const std::vector<std::string_view> kFeatures = {"resolution", "patch_size",  "num_windows",
                                                 "dec_layers", "num_queries", "num_select"};

}  // namespace

std::vector<Family> rfdetr_families() {
  return {{.architecture = "rfdetr",
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
           .features = kFeatures,
           .tested_against = kReference},
          {.architecture = "rfdetr",
           .task = Task::kInstanceSegmentation,
           .decode = decode_with_masks,
           .instead_of_fit_longer_edge = ResizeMode::kStretch,
           .padding_instead = 0,
           .resampling = Resampling::kPillow,
           .boxes_are_relative = true,
           .removes_classes = true,
           .parameters = {.confidence = true, .max_detections = true, .masks = true},
           .output_count = 3,
           .output_names = {"dets", "labels", "masks"},
           .features = kFeatures,
           .tested_against = kReference}};
}

}  // namespace replayrt::models
