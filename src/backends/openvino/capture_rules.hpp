#pragma once

#include <openvino/core/model.hpp>
#include <optional>
#include <string>

#include "replayrt/core/graph_cache.hpp"

namespace replayrt::openvino {

/// Why no shape of this model can be captured, if that is so. Looks into the bodies of If, Loop and
/// the like.
std::optional<Refusal> refusal_of(const ov::Model& model);

/// The refusal for an output whose shape is not known once all inputs are, if the model has one.
std::optional<Refusal> data_dependence_of(const ov::Model& model);

}  // namespace replayrt::openvino
