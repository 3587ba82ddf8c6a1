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
           .features = {"resolution", "patch_size", "num_windows", "dec_layers", "num_queries",
                        "num_select"},
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"}};
}

}  // namespace replayrt::models
