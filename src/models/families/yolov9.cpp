#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> yolov9_families() {
  return {ultralytics_detection("yolov9")};
}

}  // namespace replayrt::models
