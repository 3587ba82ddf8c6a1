#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "flags.hpp"
#include "replayrt/models/model_package.hpp"

namespace replayrt::cli {

/// Whether the folder has any file that only a model package has.
bool looks_like_package(const std::filesystem::path& folder);

/// What the package is and all that is wrong with it, for people.
std::string package_text(const ModelPackage& package);

/// The same as JSON.
nlohmann::ordered_json package_json(const ModelPackage& package);

/// The weights that `backend` ("auto", "openvino", "tensorrt") loads, if this machine has a backend
/// for them.
std::optional<std::filesystem::path> loadable_weights(const ModelPackage& package,
                                                      std::string_view backend);

/// Throws Error with the code of the first error if there is one; the message says how many there
/// are.
void require_no_errors(const ModelPackage& package);

/// What `inspect` does with a folder: tells what the package is, all that is wrong with it, and
/// what its weights take and give. Throws Error, after the report, if the package cannot be used or
/// its weights not be loaded; at once if the folder is no package.
void inspect_package(const LoadFlags& flags, bool as_json);

}  // namespace replayrt::cli
