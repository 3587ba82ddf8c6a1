#pragma once

#include <string_view>
#include <vector>

#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

inline constexpr std::int64_t kMostCandidates = 1'000'000;
inline constexpr std::int64_t kMostLineHeight = 512;
/// The widest line of text: the reference's limit. Longer ones are squeezed into it.
inline constexpr std::int64_t kMostLineWidth = 3200;

// inference.yml as PaddleOCR exports it; the keys that the reference looks at count, the others are
// let be. Whatever is wrong is added to `problems`, and has its default in what is returned;
// `network` becomes how pictures are turned into the network's input.

TextDetectionConfig parse_text_detection(std::string_view text, NetworkInput& network,
                                         std::vector<PackageProblem>& problems);

TextRecognitionConfig parse_text_recognition(std::string_view text, NetworkInput& network,
                                             std::vector<PackageProblem>& problems);

}  // namespace replayrt::models
