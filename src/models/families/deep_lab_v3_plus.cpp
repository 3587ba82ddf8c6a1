#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> deep_lab_v3_plus_families() {
  return {{.architecture = "deep-lab-v3-plus",
           .task = Task::kSemanticSegmentation,
           .decode = decode_segmentation,
           .padding_instead = 0,
           .class_axis = ClassAxis{.axis = 1, .background_may_lack = true},
           .parameters = {.confidence = true},
           .default_confidence = 0.5,
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"}};
}

}  // namespace replayrt::models
