#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "backends/tensorrt/engine_context.hpp"

namespace replayrt::tensorrt {

/// TensorRT wants this of every address that it is given.
inline constexpr std::size_t kAlignment = 256;

inline bool is_aligned(const void* data) noexcept {
  return reinterpret_cast<std::uintptr_t>(data) % kAlignment == 0;
}

/// Bytes of a tensor, at least one: TensorRT wants an address for an empty one, too.
inline std::size_t room_for(DType dtype, const Shape& shape) {
  return std::max<std::size_t>(packed_bytes(dtype, shape.num_elements()), 1);
}

/// Results lie where the inputs lie: on the device if any input does, else in host memory.
inline bool gives_device_memory(const InputSignature& signature) noexcept {
  return std::ranges::any_of(
      signature, [](const TensorSignature& input) { return input.memory == DeviceType::kCuda; });
}

/// Throws Error(kModelInput) that names the input if its memory is not where the view says: a wrong
/// address would end the process, or break the device for all who use it.
void require_memory(const EngineContext& engine, std::size_t input, const TensorView& view);

/// Lets `stream` copy `bytes` bytes; both addresses are pinned or device memory.
void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);

/// Waits for `fence`, the end of a run on `stream`. If that fails the run is over all the same when
/// the failure is thrown: what it uses is about to end.
void wait(const cuda::Fence& fence, cudaStream_t stream);

/// The end of a run that the host has not waited for. An executor's last member: what the run uses
/// ends after it.
class PendingRun {
 public:
  PendingRun() = default;
  PendingRun(const PendingRun&) = delete;
  PendingRun& operator=(const PendingRun&) = delete;
  /// Whoever destroys an executor has seen its work complete, unless asking for that failed: then
  /// this waits for the stream.
  ~PendingRun();

  void set(std::shared_ptr<const cuda::Fence> fence, cudaStream_t stream) noexcept;
  /// Returns when it is complete; at once if there is none. Throws as `wait` does.
  void finish();

 private:
  std::shared_ptr<const cuda::Fence> fence_;
  cudaStream_t stream_ = nullptr;
};

/// After a failure: returns when nothing runs any more of what TensorRT was given `stream` and the
/// auxiliary streams for. A failed enqueue may have left work on one that the other does not wait
/// for.
void drain(cudaStream_t stream, std::span<const cuda::Stream> auxiliary) noexcept;

/// Blocks of the engine's pools that a run uses until its end, those of its results among them.
class RunBlocks {
 public:
  explicit RunBlocks(EngineContext& engine) noexcept : engine_(engine) {}

  /// Pinned memory that the host may write to at once.
  void* pinned(std::size_t bytes);
  /// Device memory that `stream` will write to first.
  void* device(std::size_t bytes, cudaStream_t stream);
  /// Memory of `pool` for a result of a call of `context`, which `stream` will write.
  Tensor result(cuda::BlockPool& pool, DType dtype, const Shape& shape, const RunContext& context,
                cudaStream_t stream);
  const BlockRef& keep(BlockRef block) { return blocks_.emplace_back(std::move(block)); }

  /// What each run ends with: a fence after all that `stream` was given, which the blocks are bound
  /// to, and which the caller's stream waits for.
  [[nodiscard]] std::shared_ptr<const cuda::Fence> end_run(cudaStream_t stream,
                                                           const RunContext& context) const;

 private:
  EngineContext& engine_;
  SmallVector<BlockRef, 8> blocks_;
};

}  // namespace replayrt::tensorrt
