#include "models/families/shared.hpp"

namespace replayrt::models {

constexpr std::string_view kReference = "inference-models 0.39.6, ONNX on the CPU";

std::vector<Family> yolo26_families() {
  return {{.architecture = "yolo26",
           .task = Task::kObjectDetection,
           .decode = decode_selected,
           .parameters = {.confidence = true, .max_detections = true},
           .default_confidence = 0.25,
           .default_max_detections = kNoMaxDetections,
           .tested_against = kReference},
          {.architecture = "yolo26",
           .task = Task::kInstanceSegmentation,
           .decode = decode_selected_with_masks,
           .parameters = {.confidence = true, .max_detections = true, .masks = true},
           .default_confidence = 0.25,
           .default_max_detections = kNoMaxDetections,
           .output_count = 2,
           .output_names = {"output0", "output1"},
           .tested_against = kReference}};
}

}  // namespace replayrt::models
