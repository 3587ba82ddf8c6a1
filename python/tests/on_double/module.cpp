// The extension's engines, inference and cache over the doubles of CUDA and TensorRT, and what a
// test needs of a machine with a GPU: memory of the device, and a plan.

#include <cuda_runtime_api.h>

#include <cstring>
#include <fstream>

#include "bindings.hpp"
#include "fakes/cuda/control.hpp"
#include "fakes/tensorrt/plan.hpp"
#include "replayrt/core/error.hpp"

namespace {

namespace cuda = replayrt::fakes::cuda;
namespace trt = replayrt::fakes::tensorrt;
using replayrt::Error;
using replayrt::ErrorCode;

void check(cudaError_t status) {
  if (status != cudaSuccess) {
    throw Error(ErrorCode::kModelRuntime, cudaGetErrorString(status));
  }
}

/// y = 1 + 3 + x for x of f32 (1 to 8, 3).
void write_plan(const std::filesystem::path& path) {
  trt::Plan plan;
  plan.salt = 1;
  for (int profile = 0; profile < 4; ++profile) {
    if (plan.inputs.empty()) {
      plan.inputs.push_back({"x", replayrt::DType::kF32, {}});
    }
    plan.inputs[0].profiles.push_back({{1, 1, 8}, trt::Range::fixed(3)});
  }
  plan.outputs.push_back({"y", replayrt::DType::kF32});
  const std::vector<std::byte> bytes = trt::serialize(plan);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

std::uintptr_t allocate(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes));
  return reinterpret_cast<std::uintptr_t>(memory);
}

/// Copies in the order of `stream`, which is not waited for; the bytes live on until it is done.
void write_later_on(std::uintptr_t to, const nb::bytes& values, std::uintptr_t stream) {
  auto* kept = new std::string(values.c_str(), values.size());
  check(cuda::launch_kernel(reinterpret_cast<cudaStream_t>(stream),
                            {.name = "write",
                             .run =
                                 [to, kept] {
                                   std::memcpy(reinterpret_cast<void*>(to), kept->data(),
                                               kept->size());
                                   delete kept;
                                 },
                             .writes = {{reinterpret_cast<void*>(to), kept->size()}}}));
}

/// What lies on the device when all work of `stream` is done; 0: now. The double's device memory is
/// host memory.
nb::bytes read_device(std::uintptr_t from, std::size_t bytes, std::uintptr_t stream) {
  if (stream != 0) {
    check(cudaStreamSynchronize(reinterpret_cast<cudaStream_t>(stream)));
  }
  return nb::bytes(reinterpret_cast<const char*>(from), bytes);
}

}  // namespace

NB_MODULE(_core_on_double, m) {
  using namespace replayrt::python;
  bind_errors();
  bind_engine(m);
  bind_graph_cache(m);
  bind_infer(m);
  m.def("reset_machine", [] { cuda::reset({.memory_bytes = std::size_t{1} << 30}); });
  m.def("violations", [] { return cuda::violations(); });
  m.def("device_blocks", [] { return cuda::live().device_blocks; });
  m.def("pending_work", [] { return cuda::pending_work(); });
  m.def("write_plan", write_plan);
  m.def("allocate", allocate);
  m.def("free", [](std::uintptr_t memory) { check(cudaFree(reinterpret_cast<void*>(memory))); });
  m.def("write", [](std::uintptr_t to, const nb::bytes& values) {
    std::memcpy(reinterpret_cast<void*>(to), values.c_str(), values.size());
  });
  m.def("write_later", write_later_on);
  m.def("read", read_device);
}
