#pragma once

#include "models/package/json_reader.hpp"
#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// `network_input` of inference_config.json.
void read_network_input(const JsonValue& value, NetworkInput& input);

}  // namespace replayrt::models
