#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "replayrt/load_engine.hpp"

namespace replayrt::detail {

/// One line of the table of backends: the only place that knows them all.
struct Backend {
  std::string_view name;
  std::string_view extensions;  ///< Of model files, in words: ".onnx, .xml".
  DeviceType device;            ///< Where its engines run.
  bool (*reads)(std::string_view extension);
  std::unique_ptr<EngineBackend> (*load)(const std::filesystem::path& path,
                                         const LoadOptions& options);
  BackendInfo (*describe)();
  /// A stream on a device of its; null for a backend that has none.
  std::shared_ptr<void> (*make_stream)(const Device& device);
};

std::span<const Backend> backend_table();

/// The backend that is asked for by name; null for "auto". Throws Error(kInvalidParameter) that
/// lists the names if there is none.
const Backend* named_backend(const std::string& name);

}  // namespace replayrt::detail
