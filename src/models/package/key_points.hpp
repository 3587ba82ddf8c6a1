#pragma once

#include <string_view>
#include <vector>

#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// Of classes, of the key points of one, and of the edges of one.
inline constexpr std::size_t kMostKeyPoints = 10'000;

/// keypoints_metadata.json. `removed`: by class id, whether the package removes the class, which
/// then need not be described; empty if it removes none: there are as many classes as are
/// described. Whatever is wrong with it is added to `problems`; what is returned, by class id, is
/// then not to be used.
std::vector<KeyPointsOfClass> parse_key_points(std::string_view text,
                                               const std::vector<bool>& removed,
                                               std::vector<PackageProblem>& problems);

}  // namespace replayrt::models
