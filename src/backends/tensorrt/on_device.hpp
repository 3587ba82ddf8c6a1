#pragma once

#include <cstdint>
#include <exception>
#include <optional>

#include "backends/cuda/device_guard.hpp"

namespace replayrt::tensorrt {

/// For destructors: does `end` with `device` current, or, where CUDA does not let it become
/// current, as it is.
template <class End>
void end_on_device(std::int32_t device, End end) noexcept {
  std::optional<cuda::DeviceGuard> guard;
  try {
    guard.emplace(device);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): nothing better can be done.
  }
  end();
}

}  // namespace replayrt::tensorrt
