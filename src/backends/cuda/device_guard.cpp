#include "backends/cuda/device_guard.hpp"

#include <cuda_runtime_api.h>

#include <string>

#include "backends/cuda/check.hpp"

namespace replayrt::cuda {

DeviceGuard::DeviceGuard(std::int32_t device) {
  int current = -1;
  check(cudaGetDevice(&current), "cudaGetDevice");
  if (current != device) {
    check(cudaSetDevice(device), "cudaSetDevice", "cuda:" + std::to_string(device));
    previous_ = current;
  }
}

DeviceGuard::~DeviceGuard() {
  if (previous_ >= 0) {
    static_cast<void>(succeeded(cudaSetDevice(previous_)));
  }
}

}  // namespace replayrt::cuda
