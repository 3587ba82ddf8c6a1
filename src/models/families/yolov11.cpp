#include "models/families/key_points.hpp"
#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> yolov11_families() {
  return {ultralytics_detection("yolov11"), ultralytics_segmentation("yolov11"),
          single_label("yolov11"), ultralytics_key_points("yolov11")};
}

}  // namespace replayrt::models
