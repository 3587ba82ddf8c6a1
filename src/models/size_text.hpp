#pragma once

#include <string>

#include "replayrt/models/image.hpp"

namespace replayrt::models {

/// "480 x 640": height and width, for messages.
inline std::string size_text(ImageSize size) {
  return std::to_string(size.height) + " x " + std::to_string(size.width);
}

}  // namespace replayrt::models
