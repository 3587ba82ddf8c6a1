#pragma once

#include <cuda_runtime_api.h>

#include <string>
#include <string_view>

#include "replayrt/core/error.hpp"

namespace replayrt::cuda {

/// kOutOfMemory for exhausted memory, kMissingDependency where there is no driver, too old a driver
/// or no device, else kModelRuntime.
ErrorCode error_code_of(cudaError_t error) noexcept;

/// "cudaErrorMemoryAllocation (out of memory)"
std::string error_text(cudaError_t error);

/// Throws what a failed CUDA call means: "cudaMalloc (4096 bytes): cudaErrorMemoryAllocation (out
/// of memory)". Without a usable driver the text says so and what to install. `call` is the name of
/// the function, `detail` what it was called with (may be empty). Clears the thread's last error.
[[noreturn]] void throw_error(cudaError_t error, std::string_view call,
                              std::string_view detail = {});

/// Throws as `throw_error` unless `error` is cudaSuccess.
inline void check(cudaError_t error, std::string_view call, std::string_view detail = {}) {
  if (error != cudaSuccess) {
    throw_error(error, call, detail);
  }
}

/// For calls whose failure the caller deals with: clears the thread's last error, so that nobody
/// who asks for it later (TensorRT does) takes it for his own. Whether `error` is cudaSuccess.
inline bool succeeded(cudaError_t error) noexcept {
  if (error != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
  }
  return error == cudaSuccess;
}

}  // namespace replayrt::cuda
