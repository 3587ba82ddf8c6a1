#include "models/families/shared.hpp"

namespace replayrt::models {
namespace {

Prediction decode(const DecodeInput& input, std::size_t image,
                  const PreProcessingMetadata& metadata) {
  return to_detections(decode_final_rows(input.outputs[0], image, input.settings.threshold,
                                         AtThreshold::kFails, input.settings.max_detections),
                       metadata);
}

}  // namespace

std::vector<Family> yolov10_families() {
  return {{.architecture = "yolov10",
           .task = Task::kObjectDetection,
           .decode = decode,
           .parameters = {.confidence = true, .max_detections = true},
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"}};
}

}  // namespace replayrt::models
