#pragma once

#include <memory>
#include <openvino/core/model.hpp>
#include <vector>

#include "replayrt/load_engine.hpp"

namespace replayrt::openvino {

/// Lets inputs of `model` take u8 pictures, as GraphEdits says. Throws Error(kInvalidParameter)
/// that names an input that the model does not have, that is no batch of pictures, or whose edit
/// has numbers that do not fit it.
void apply_edits(const std::vector<GraphEdits::ImageInput>& edits,
                 std::shared_ptr<ov::Model>& model);

}  // namespace replayrt::openvino
