#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace replayrt::cuda {

/// What there is to run CUDA on. Versions as CUDA counts them: 13000 is 13.0.
struct DriverStatus {
  int runtime_version = 0;  ///< Of the runtime that this program contains.
  int driver_version = 0;   ///< The newest CUDA that the driver knows; 0 without a driver.
  int device_count = 0;
  /// Empty if CUDA can be used; else why not ("no CUDA driver …", "the CUDA driver is too old …",
  /// "no CUDA device …") and what to install.
  std::string why_missing{};

  [[nodiscard]] bool usable() const noexcept { return why_missing.empty(); }
};

/// Asks anew each time. Never throws for what is missing, and makes no context on any device.
DriverStatus query_driver();

/// "13.0" of 13000.
std::string version_text(int version);

struct DeviceInfo {
  std::int32_t index = 0;
  std::string name{};  ///< "NVIDIA H200"
  int major = 0;       ///< Compute capability.
  int minor = 0;
  std::size_t memory_bytes = 0;

  /// "cuda:0 NVIDIA H200, compute capability 9.0, 139 GiB"
  [[nodiscard]] std::string to_string() const;
};

/// The devices that CUDA shows this process; none where CUDA cannot be used.
std::vector<DeviceInfo> list_devices();

/// Throws Error(kMissingDependency) with `why_missing` where CUDA cannot be used, and
/// Error(kInvalidParameter) that says how many devices there are if `index` is none of them.
void require_device(std::int32_t index);

/// Where the memory behind a pointer lies.
enum class MemoryPlace : std::uint8_t {
  kHost,     ///< Ordinary host memory, or memory unknown to CUDA.
  kPinned,   ///< Page-locked host memory.
  kDevice,   ///< One device's own memory.
  kManaged,  ///< Moves between host and devices.
};
struct PointerInfo {
  MemoryPlace place = MemoryPlace::kHost;
  std::int32_t device = -1;  ///< -1 for kHost.
};
/// Throws as `check` does.
PointerInfo pointer_info(const void* pointer);

}  // namespace replayrt::cuda
