#include "backends/cuda/check.hpp"

#include <string>

#include "backends/cuda/device.hpp"

namespace replayrt::cuda {

ErrorCode error_code_of(cudaError_t error) noexcept {
  switch (error) {
    case cudaErrorMemoryAllocation:
      return ErrorCode::kOutOfMemory;
    case cudaErrorInsufficientDriver:
    case cudaErrorNoDevice:
    case cudaErrorStubLibrary:
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice:
      return ErrorCode::kMissingDependency;
    default:
      return ErrorCode::kModelRuntime;
  }
}

std::string error_text(cudaError_t error) {
  return std::string(cudaGetErrorName(error)) + " (" + cudaGetErrorString(error) + ")";
}

void throw_error(cudaError_t error, std::string_view call, std::string_view detail) {
  static_cast<void>(cudaGetLastError());
  std::string text(call);
  if (!detail.empty()) {
    text.append(" (").append(detail).append(")");
  }
  text += ": " + error_text(error);
  const ErrorCode code = error_code_of(error);
  if (code == ErrorCode::kMissingDependency) {
    if (const std::string why = query_driver().why_missing; !why.empty()) {
      text = why + " [" + text + "]";
    }
  }
  throw Error(code, text);
}

}  // namespace replayrt::cuda
