#include "backends/cuda/device.hpp"

#include <cuda_runtime_api.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "backends/cuda/check.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cuda {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

DriverStatus query_driver() {
  DriverStatus status;
  const auto install = [&] {
    return "install NVIDIA's driver for CUDA " + version_text(status.runtime_version) +
           " or newer (https://www.nvidia.com/drivers)";
  };
  static_cast<void>(succeeded(cudaRuntimeGetVersion(&status.runtime_version)));
  // Without a driver this succeeds and gives 0.
  if (!succeeded(cudaDriverGetVersion(&status.driver_version)) || status.driver_version == 0) {
    status.driver_version = 0;
    status.why_missing = "no CUDA driver: " + install();
    return status;
  }
  const cudaError_t error = cudaGetDeviceCount(&status.device_count);
  if (succeeded(error) && status.device_count > 0) {
    return status;
  }
  status.device_count = 0;
  if (error == cudaErrorInsufficientDriver) {
    status.why_missing = "the CUDA driver is too old: it is one for CUDA " +
                         version_text(status.driver_version) + "; " + install();
  } else if (error == cudaSuccess || error == cudaErrorNoDevice) {
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    status.why_missing =
        "no CUDA device: there is a driver, but no GPU that this process may use" +
        (visible == nullptr ? std::string()
                            : " (CUDA_VISIBLE_DEVICES is \"" + std::string(visible) + "\")");
  } else {
    status.why_missing = "CUDA does not start: cudaGetDeviceCount: " + error_text(error);
  }
  return status;
}

std::string DeviceInfo::to_string() const {
  constexpr double kGib = 1024.0 * 1024.0 * 1024.0;
  std::array<char, 32> memory{};
  std::snprintf(memory.data(), memory.size(), "%.1f GiB", static_cast<double>(memory_bytes) / kGib);
  return "cuda:" + std::to_string(index) + " " + name + ", compute capability " +
         std::to_string(major) + "." + std::to_string(minor) + ", " + memory.data();
}

std::vector<DeviceInfo> list_devices() {
  std::vector<DeviceInfo> devices;
  const int count = query_driver().device_count;
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties",
          "cuda:" + std::to_string(index));
    devices.push_back({.index = index,
                       .name = properties.name,
                       .major = properties.major,
                       .minor = properties.minor,
                       .memory_bytes = properties.totalGlobalMem});
  }
  return devices;
}

void require_device(std::int32_t index) {
  const DriverStatus status = query_driver();
  if (!status.usable()) {
    throw Error(ErrorCode::kMissingDependency, status.why_missing);
  }
  if (index < 0 || index >= status.device_count) {
    throw Error(ErrorCode::kInvalidParameter,
                "there is no device cuda:" + std::to_string(index) + ": this process sees " +
                    std::to_string(status.device_count) + ", the first is cuda:0");
  }
}

PointerInfo pointer_info(const void* pointer) {
  cudaPointerAttributes attributes{};
  check(cudaPointerGetAttributes(&attributes, pointer), "cudaPointerGetAttributes");
  switch (attributes.type) {
    case cudaMemoryTypeUnregistered:
      break;
    case cudaMemoryTypeHost:
      return {MemoryPlace::kPinned, attributes.device};
    case cudaMemoryTypeDevice:
      return {MemoryPlace::kDevice, attributes.device};
    case cudaMemoryTypeManaged:
      return {MemoryPlace::kManaged, attributes.device};
  }
  return {};
}

}  // namespace replayrt::cuda
