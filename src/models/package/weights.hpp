#pragma once

#include "models/package/package_files.hpp"
#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// Finds the network, `onnx_name` and engine.plan, and reports if they are not what
/// `package.model_config` needs.
void find_weights(const PackageFiles& files, ModelPackage& package,
                  const std::string& onnx_name = "weights.onnx");

}  // namespace replayrt::models
