#pragma once

#include <string>

#include "workload.hpp"

namespace replayrt::cli {

/// A case of which the reports tell only the name.
inline Case case_named(const std::string& name) {
  return {name, {}, {}, GraphKey(1, Device{}, {})};
}

/// Two shapes, called as a, b, a.
inline Workload two_shapes() {
  return {{case_named("1x8"), case_named("2x8")}, {0, 1, 0}};
}

}  // namespace replayrt::cli
