#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <span>

#include "backends/cuda/block_pool.hpp"
#include "backends/cuda/handles.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::cuda {

/// The device's half of a MemoryResource, for the padding and joining of batches: tensors from a
/// pool, copies on the caller's stream. Without a stream a copy is complete when it returns.
/// Thread-safe.
class StreamOrderedMemory {
 public:
  /// `pool` must be of kind kDevice and outlive this object. Throws as `check` does.
  explicit StreamOrderedMemory(BlockPool& pool);

  Tensor allocate(DType dtype, const Shape& shape, const RunContext& context);
  void copy(void* to, const void* from, std::size_t bytes, const RunContext& context);
  void fill_zero(void* to, std::size_t bytes, const RunContext& context);
  void fill(void* to, std::size_t bytes, std::span<const std::byte> pattern,
            const RunContext& context);

 private:
  [[nodiscard]] cudaStream_t stream_of(const RunContext& context) const noexcept;
  template <class Enqueue>
  void in_order(const RunContext& context, Enqueue&& enqueue);

  BlockPool& pool_;
  Stream own_;  ///< For callers without a stream.
};

}  // namespace replayrt::cuda
