#pragma once

#include <filesystem>
#include <memory>

#include "replayrt/load_engine.hpp"

namespace replayrt::openvino {

/// Loads a model with OpenVINO. A build without OpenVINO (backends/no_openvino) throws
/// Error(kMissingDependency) that says how to get it.
std::unique_ptr<EngineBackend> load_backend(const std::filesystem::path& path,
                                            const LoadOptions& options);

/// What `list_backends` says of OpenVINO.
BackendInfo describe();

}  // namespace replayrt::openvino
