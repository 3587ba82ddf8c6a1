#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fakes/tensorrt/model.hpp"

namespace replayrt::fakes::tensorrt {

/// Everything that the kernels of one run use. All addresses are device memory, but for a host
/// input's.
struct Run {
  std::shared_ptr<const Model> model;
  std::vector<Extents> input_shapes;
  std::vector<Extents> output_shapes;
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  std::byte* activation = nullptr;
  std::uint64_t activation_bytes = 0;
  float* parameters = nullptr;   ///< Of the context: what was derived from the shapes.
  const int* profile = nullptr;  ///< Of the context: the index of its profile.
};

/// The kernels that make the context's parameters of its shapes; run after each change of them.
cudaError_t launch_setup(const Run& run, cudaStream_t stream);

/// The kernels of a run. The first stage leaves its result in the activation memory, the second one
/// makes the outputs of it; part of the first stage is done on `auxiliary` streams, which wait for
/// the main one (`fork`) and which it waits for (`joins`).
cudaError_t launch(const Run& run, cudaStream_t stream, const std::vector<cudaStream_t>& auxiliary,
                   cudaEvent_t fork, const std::vector<cudaEvent_t>& joins);

/// How many elements of the input of a kNonZero engine are not zero; its work must be complete.
std::int64_t count_non_zero(const Run& run);

}  // namespace replayrt::fakes::tensorrt
