#include "models/families/shared.hpp"

namespace replayrt::models {
namespace {

Prediction decode(const DecodeInput& input, std::size_t image,
                  const PreProcessingMetadata& metadata) {
  return to_detections(
      decode_boxes_and_scores(input.outputs[0], input.outputs[1], image, input.settings), metadata);
}

}  // namespace

std::vector<Family> yolonas_families() {
  return {{.architecture = "yolonas",
           .task = Task::kObjectDetection,
           .decode = decode,
           .post_processing = PostProcessing::Type::kNms,
           .fused = Fused::kRefused,
           .class_axis = ClassAxis{.output = 1, .axis = 2},
           .parameters = {.confidence = true, .nms = true, .max_detections = true},
           .output_count = 2,
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"}};
}

}  // namespace replayrt::models
