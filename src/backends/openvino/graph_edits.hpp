#pragma once

#include <memory>
#include <openvino/core/model.hpp>

#include "replayrt/load_engine.hpp"

namespace replayrt::openvino {

/// Makes `edits` part of the graph; `model` may become another object. Throws
/// Error(kInvalidParameter) that names an input, output or axis that the model does not have.
void apply_edits(const GraphEdits& edits, std::shared_ptr<ov::Model>& model);

/// Puts an operation between every input and an output that is that input: OpenVINO takes the two
/// for one tensor, so that a result would lie in the caller's input memory, and the next run write
/// to it.
void separate_inputs_from_outputs(ov::Model& model);

}  // namespace replayrt::openvino
