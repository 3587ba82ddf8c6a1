#pragma once

#include <vector>

#include "backends/tensorrt/builder_api.hpp"
#include "replayrt/build_plan.hpp"

namespace replayrt::tensorrt {

/// The ranges of all inputs of `network`, in its order, from what the caller gave for the dynamic
/// ones. Throws Error(kInvalidParameter) that names the input: given twice, unknown, missing, of
/// another rank, another fixed dimension, or not min <= opt <= max.
std::vector<InputShapes> resolve_shapes(const nvinfer1::INetworkDefinition& network,
                                        const std::vector<InputShapes>& given);

}  // namespace replayrt::tensorrt
