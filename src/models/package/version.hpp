#pragma once

#include <string_view>

namespace replayrt::models {

/// Whether Python's `packaging.version.Version` takes the text: "8.6", "535.104.05",
/// "1.0rc1+cu118".
bool is_version(std::string_view text);

}  // namespace replayrt::models
