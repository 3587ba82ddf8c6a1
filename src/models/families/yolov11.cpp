#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> yolov11_families() {
  return {ultralytics_detection("yolov11"), ultralytics_segmentation("yolov11"),
          single_label("yolov11")};
}

}  // namespace replayrt::models
