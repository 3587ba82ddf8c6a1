#pragma once

#include <openvino/core/model.hpp>

#include "replayrt/load_engine.hpp"

namespace replayrt::openvino {

/// Makes `edits` part of the graph. Throws Error(kInvalidParameter) that names an output or axis
/// that the model does not have.
void apply(const GraphEdits& edits, ov::Model& model);

}  // namespace replayrt::openvino
