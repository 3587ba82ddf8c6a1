#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "flags.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::cli {

/// What a loaded model takes and gives, for people.
std::string engine_text(const LoadFlags& flags, const Engine& engine);

/// The same as JSON.
nlohmann::ordered_json engine_json(const LoadFlags& flags, const Engine& engine);

/// Indented, to standard output.
void write_json(const nlohmann::ordered_json& json);

}  // namespace replayrt::cli
