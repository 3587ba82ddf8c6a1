#pragma once

#include <string>
#include <vector>

#include "backends/tensorrt/api.hpp"
#include "backends/tensorrt/profiles.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::tensorrt {

/// The inputs, or the outputs, of an engine.
struct Ports {
  std::vector<TensorSpec> specs;
  /// Whether TensorRT reads or writes the elements in host memory: values that shapes depend on.
  std::vector<bool> on_host;
};

/// What an engine takes and gives. Input ranges are those of all profiles together; what a single
/// profile allows is in `profiles`.
struct EngineSpecs {
  Ports inputs;
  Ports outputs;
  std::vector<Profile> profiles;
};

/// Throws Error(kUnsupported) that names the tensor if an element type is unknown, its elements are
/// not stored densely, or its rank is above Shape::kMaxRank.
EngineSpecs read_specs(const nvinfer1::ICudaEngine& engine);

}  // namespace replayrt::tensorrt
