#include "backends/cuda/handles.hpp"

#include <string>

#include "backends/cuda/capture_mode.hpp"
#include "backends/cuda/check.hpp"

namespace replayrt::cuda {
namespace detail {

// A destructor has nobody to report to; what CUDA reports here is mostly the failure of earlier
// work.
void StreamTraits::destroy(Native stream) noexcept {
  static_cast<void>(succeeded(cudaStreamDestroy(stream)));
}
void EventTraits::destroy(Native event) noexcept {
  static_cast<void>(succeeded(cudaEventDestroy(event)));
}
void GraphTraits::destroy(Native graph) noexcept {
  static_cast<void>(succeeded(cudaGraphDestroy(graph)));
}
void GraphExecTraits::destroy(Native graph) noexcept {
  static_cast<void>(succeeded(cudaGraphExecDestroy(graph)));
}
void DeviceMemoryTraits::destroy(Native memory) noexcept {
  const RelaxedCaptureMode relaxed;
  static_cast<void>(succeeded(cudaFree(memory)));
}
void PinnedMemoryTraits::destroy(Native memory) noexcept {
  const RelaxedCaptureMode relaxed;
  static_cast<void>(succeeded(cudaFreeHost(memory)));
}

}  // namespace detail

namespace {

std::string in_bytes(std::size_t bytes) {
  return std::to_string(bytes) + " bytes";
}

}  // namespace

Stream make_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return Stream(stream);
}

Event make_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  return Event(event);
}

DeviceMemory make_device_memory(std::size_t bytes) {
  void* memory = nullptr;
  if (bytes != 0) {
    const RelaxedCaptureMode relaxed;
    if (const cudaError_t error = cudaMalloc(&memory, bytes); error != cudaSuccess) {
      throw_error(error, "cudaMalloc", in_bytes(bytes));
    }
  }
  return DeviceMemory(memory);
}

PinnedMemory make_pinned_memory(std::size_t bytes) {
  void* memory = nullptr;
  if (bytes != 0) {
    const RelaxedCaptureMode relaxed;
    if (const cudaError_t error = cudaHostAlloc(&memory, bytes, cudaHostAllocDefault);
        error != cudaSuccess) {
      throw_error(error, "cudaHostAlloc", in_bytes(bytes));
    }
  }
  return PinnedMemory(memory);
}

GraphExec make_executable(const Graph& graph, cudaStream_t stream) {
  cudaGraphExec_t native = nullptr;
  check(cudaGraphInstantiate(&native, graph.get(), 0), "cudaGraphInstantiate");
  GraphExec executable(native);
  check(cudaGraphUpload(executable.get(), stream), "cudaGraphUpload");
  return executable;
}

}  // namespace replayrt::cuda
