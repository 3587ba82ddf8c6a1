#pragma once

#include <string_view>
#include <vector>

#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// model_config.json. Whatever is wrong with it is added to `problems`, and has its default in what
/// is returned.
ModelConfig parse_model_config(std::string_view text, std::vector<PackageProblem>& problems);

}  // namespace replayrt::models
