#pragma once

#include <string_view>
#include <vector>

#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// trt_config.json. Whatever is wrong with it is added to `problems`, and left out of what is
/// returned.
TrtConfig parse_trt_config(std::string_view text, std::vector<PackageProblem>& problems);

}  // namespace replayrt::models
