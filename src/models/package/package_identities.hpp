#pragma once

#include "models/package/json_reader.hpp"

// What the reference's cache writes into model_config.json about the files and packages that a
// package was made of. ReplayRT has no use for it, but a package in which it is damaged is refused.
namespace replayrt::models {

/// `package_artifacts`: a list sorted by `file_handle`, without regard to case.
void check_package_artifacts(const JsonValue& value);

/// `dependency_package_paths`: a list sorted by `name`, without regard to case.
void check_dependency_package_paths(const JsonValue& value);

}  // namespace replayrt::models
