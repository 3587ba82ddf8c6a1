#pragma once

#include "models/package/package_files.hpp"
#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// Finds weights.onnx and engine.plan, and reports if they are not what `package.model_config`
/// needs.
void find_weights(const PackageFiles& files, ModelPackage& package);

}  // namespace replayrt::models
