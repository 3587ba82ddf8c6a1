#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "replayrt/models/model_package.hpp"

namespace replayrt::cli {

/// Whether the package has an inference.yml.
bool is_of_text(const ModelPackage& package) noexcept;

/// What it says, for such a package.
std::string text_settings(const ModelPackage& package);
nlohmann::ordered_json text_settings_json(const ModelPackage& package);

}  // namespace replayrt::cli
