#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> yolo26_families() {
  return {{.architecture = "yolo26",
           .task = Task::kObjectDetection,
           .decode = decode_selected,
           .parameters = {.confidence = true, .max_detections = true},
           .default_confidence = 0.25,
           .default_max_detections = kNoMaxDetections,
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"}};
}

}  // namespace replayrt::models
