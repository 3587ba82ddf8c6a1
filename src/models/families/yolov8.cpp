#include "models/families/key_points.hpp"
#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> yolov8_families() {
  return {ultralytics_detection("yolov8"), ultralytics_segmentation("yolov8"),
          single_label("yolov8"), ultralytics_key_points("yolov8")};
}

}  // namespace replayrt::models
