#include "models/families/shared.hpp"

namespace replayrt::models {

std::vector<Family> vit_families() {
  std::vector<Family> families = {single_label("vit"), multi_label("vit")};
  for (Family& family : families) {
    family.instead_of_fit_longer_edge = ResizeMode::kStretch;
    family.padding_instead = 0;
  }
  return families;
}

}  // namespace replayrt::models
