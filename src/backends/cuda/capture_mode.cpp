#include "backends/cuda/capture_mode.hpp"

#include <cuda_runtime_api.h>

#include "backends/cuda/check.hpp"

namespace replayrt::cuda {

RelaxedCaptureMode::RelaxedCaptureMode() noexcept {
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  previous_ = succeeded(cudaThreadExchangeStreamCaptureMode(&mode)) ? static_cast<int>(mode) : -1;
}

RelaxedCaptureMode::~RelaxedCaptureMode() {
  if (previous_ >= 0) {
    auto mode = static_cast<cudaStreamCaptureMode>(previous_);
    static_cast<void>(succeeded(cudaThreadExchangeStreamCaptureMode(&mode)));
  }
}

}  // namespace replayrt::cuda
