#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> yolov12_families() {
  return {ultralytics_detection("yolov12")};
}

}  // namespace replayrt::models
