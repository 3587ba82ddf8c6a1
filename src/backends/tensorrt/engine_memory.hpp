#pragma once

#include "backends/cuda/stream_ordered_memory.hpp"
#include "backends/tensorrt/engine_context.hpp"

namespace replayrt::tensorrt {

/// Memory for the padding and joining of batches, where the batch lies: on the device in the order
/// of the caller's stream, or on the host, where it is done at once. Thread-safe.
class EngineMemory final : public MemoryResource {
 public:
  /// Shares ownership of the pools.
  explicit EngineMemory(std::shared_ptr<EngineContext> engine);

  Tensor allocate(DType dtype, const Shape& shape, const Device& where,
                  const RunContext& context) override;
  void copy(void* to, const void* from, std::size_t bytes, const RunContext& context) override;
  void fill_zero(void* to, std::size_t bytes, const RunContext& context) override;
  void fill(void* to, std::size_t bytes, std::span<const std::byte> pattern,
            const RunContext& context) override;
  Completion completion(const RunContext& context) override;

 private:
  const std::shared_ptr<EngineContext> engine_;
  cuda::StreamOrderedMemory device_;
};

}  // namespace replayrt::tensorrt
