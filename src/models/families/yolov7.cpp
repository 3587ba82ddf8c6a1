#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> yolov7_families() {
  // The reference has no detector of this name; its exports have YOLOv5's layout.
  return {{.architecture = "yolov7",
           .task = Task::kObjectDetection,
           .decode = decode_with_objectness,
           .class_axis = ClassAxis{.axis = 2, .others = 5},
           .parameters = {.confidence = true, .nms = true, .max_detections = true},
           .tested_against = "inference-models 0.39.6's YOLOv5 class on the same package"},
          yolov7_segmentation()};
}

}  // namespace replayrt::models
