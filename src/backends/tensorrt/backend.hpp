#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "replayrt/build_plan.hpp"
#include "replayrt/load_engine.hpp"

namespace replayrt::tensorrt {

/// Loads a TensorRT plan. A build without TensorRT (backends/no_tensorrt) throws
/// Error(kMissingDependency) that says how to get it.
std::unique_ptr<EngineBackend> load_backend(const std::filesystem::path& path,
                                            const LoadOptions& options);

/// The same of a plan in memory; messages call it `name`.
std::unique_ptr<EngineBackend> load_plan(std::span<const std::byte> plan, const std::string& name,
                                         const LoadOptions& options);

/// See `build_trt_plan`.
BuiltPlan build_plan(const std::filesystem::path& onnx, const PlanBuildOptions& options);

/// A new non-blocking CUDA stream on `device`, which the last copy of the pointer destroys.
std::shared_ptr<void> make_stream(const Device& device);

/// What `list_backends` says of TensorRT.
BackendInfo describe();

}  // namespace replayrt::tensorrt
