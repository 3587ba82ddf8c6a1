#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> resnet_families() {
  std::vector<Family> families = {single_label("resnet"), multi_label("resnet")};
  for (Family& family : families) {
    family.instead_of_fit_longer_edge = ResizeMode::kStretch;
    family.padding_instead = 0;
  }
  return families;
}

}  // namespace replayrt::models
