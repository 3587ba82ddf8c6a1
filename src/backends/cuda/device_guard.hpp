#pragma once

#include <cstdint>

namespace replayrt::cuda {

/// Makes a device current on this thread for a scope, then the one that was. Costs no CUDA call
/// but one if it is current already.
class DeviceGuard {
 public:
  /// Throws as `check` does.
  explicit DeviceGuard(std::int32_t device);
  ~DeviceGuard();
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  int previous_ = -1;  ///< To go back to; -1: nowhere.
};

}  // namespace replayrt::cuda
