#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/cuda/activation_arena.hpp"
#include "backends/cuda/block_pool.hpp"
#include "backends/cuda/fence.hpp"
#include "backends/cuda/handles.hpp"
#include "backends/tensorrt/api.hpp"
#include "backends/tensorrt/library.hpp"
#include "backends/tensorrt/logger.hpp"
#include "backends/tensorrt/profiles.hpp"
#include "backends/tensorrt/specs.hpp"

namespace replayrt::tensorrt {

/// What an engine and its executors share; lives as long as any of them. The order of the members
/// is the reverse of that in which they must end.
struct EngineContext {
  EngineContext(std::string plan_file, std::int32_t device_index)
      : file(std::move(plan_file)),
        device(device_index),
        device_blocks(cuda::BlockKind::kDevice, device_index),
        pinned_blocks(cuda::BlockKind::kPinned, device_index),
        fences(device_index) {}
  EngineContext(const EngineContext&) = delete;
  EngineContext& operator=(const EngineContext&) = delete;
  /// Ends TensorRT's objects with their device current.
  ~EngineContext();

  /// Whether some input's shape is not fixed.
  [[nodiscard]] bool is_dynamic() const noexcept {
    return std::ranges::any_of(specs.inputs.specs, &TensorSpec::is_dynamic);
  }

  const std::string file;  ///< For messages.
  const std::int32_t device;
  std::shared_ptr<const Library> library;
  Logger logger;
  Owned<nvinfer1::IRuntime> runtime;
  Owned<nvinfer1::ICudaEngine> engine;
  EngineSpecs specs;
  std::shared_ptr<ProfileBook> profiles;
  std::mutex making_contexts;  ///< Held from a context's creation until it has its profile.

  std::shared_ptr<cuda::ActivationArena> arena;
  cuda::BlockPool device_blocks;
  cuda::BlockPool pinned_blocks;
  cuda::FencePool fences;

  /// What captures record on; used by whoever holds the device's capture gate.
  struct CaptureStreams {
    cuda::Stream main;
    std::vector<cuda::Stream> auxiliary;
  };
  CaptureStreams capture_streams;
};

/// `count` new streams of the current device.
std::vector<cuda::Stream> make_streams(std::size_t count);

}  // namespace replayrt::tensorrt
