#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> yolov5_families() {
  return {{.architecture = "yolov5",
           .task = Task::kObjectDetection,
           .decode = decode_with_objectness,
           .class_axis = ClassAxis{.axis = 2, .others = 5},
           .parameters = {.confidence = true, .nms = true, .max_detections = true},
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"},
          yolov5_segmentation()};
}

}  // namespace replayrt::models
