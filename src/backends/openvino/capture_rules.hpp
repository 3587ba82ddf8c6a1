#pragma once

#include <openvino/core/model.hpp>
#include <openvino/runtime/compiled_model.hpp>
#include <optional>
#include <string>

#include "replayrt/core/graph_cache.hpp"

namespace replayrt::openvino {

/// Why no shape of this model can be captured, if that is so. Looks into the bodies of If, Loop and
/// the like.
std::optional<Refusal> refusal_of(const ov::Model& model);

/// The refusal for an output of a compiled model whose shape is not known although those of its
/// inputs are, if there is one. The model before compilation does not tell: some shapes are found
/// by OpenVINO's transformations.
std::optional<Refusal> data_dependence_of(const ov::CompiledModel& model);

}  // namespace replayrt::openvino
