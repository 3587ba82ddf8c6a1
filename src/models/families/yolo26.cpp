#include "models/families/key_points.hpp"
#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> yolo26_families() {
  return {{.architecture = "yolo26",
           .task = Task::kObjectDetection,
           .decode = decode_selected,
           .parameters = {.confidence = true, .max_detections = true},
           .default_confidence = 0.25,
           .default_max_detections = kNoMaxDetections,
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"},
          {.architecture = "yolo26",
           .task = Task::kKeyPointDetection,
           .decode = decode_selected_key_points,
           .parameters = {.confidence = true, .max_detections = true, .key_points_threshold = true},
           .default_confidence = 0.25,
           .default_key_points_threshold = 0.3,
           .default_max_detections = kNoMaxDetections,
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"}};
}

}  // namespace replayrt::models
