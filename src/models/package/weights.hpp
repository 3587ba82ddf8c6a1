#pragma once

#include "models/package/package_files.hpp"
#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

// The networks that packages have.
inline constexpr const char* kOnnxFile = "weights.onnx";
inline constexpr const char* kPaddleOnnxFile = "inference.onnx";
inline constexpr const char* kPlanFile = "engine.plan";

/// Finds the network, `onnx_name` and engine.plan, and reports if they are not what
/// `package.model_config` needs.
void find_weights(const PackageFiles& files, ModelPackage& package,
                  const std::string& onnx_name = kOnnxFile);

}  // namespace replayrt::models
