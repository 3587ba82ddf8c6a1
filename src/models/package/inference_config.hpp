#pragma once

#include <string_view>
#include <vector>

#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// The largest side of a network's input that is taken for meant.
inline constexpr std::int64_t kMostSide = 16384;

/// inference_config.json. Whatever is wrong with it is added to `problems`, and has its default in
/// what is returned.
InferenceConfig parse_inference_config(std::string_view text,
                                       std::vector<PackageProblem>& problems);

}  // namespace replayrt::models
