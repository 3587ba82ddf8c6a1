#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

inline constexpr std::size_t kMostClassNames = 1'000'000;

/// class_names.txt: one name per line. Whatever is wrong with it is added to `problems`.
std::vector<std::string> parse_class_names(std::string_view text,
                                           std::vector<PackageProblem>& problems);

/// Which class is called "background", in any case: semantic segmentation needs one, and one more
/// class. What is missing is added to `problems`.
std::optional<std::int64_t> find_background(std::span<const std::string> names,
                                            std::vector<PackageProblem>& problems);

}  // namespace replayrt::models
