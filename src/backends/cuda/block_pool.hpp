#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "backends/cuda/fence.hpp"
#include "replayrt/core/engine.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt::cuda {

enum class BlockKind : std::uint8_t {
  kDevice,  ///< cudaMalloc, of the pool's device.
  kPinned,  ///< Page-locked host memory: for copies that do not hold the host up.
};

/// Lends out blocks of CUDA memory and uses them again in the order of streams: a warm path never
/// waits for the device. Thread-safe. Lent blocks may outlive the pool; they then free themselves.
///
/// When may a block be written to again? Each block remembers the fence of the work that last used
/// it (`set_last_use`), and the caller's stream (RunContext::stream) it was lent for. When its last
/// Tensor is gone it is lent again
///  - only for the same caller's stream (calls without a stream count as one): what the caller has
///    enqueued there that reads it comes before any later call on that stream. Whoever uses a
///    result on another stream keeps the Tensor until that work is complete;
///  - and the stream that writes to it next is held back until the fence is done.
/// Where no idle block fits, memory is allocated; where that is exhausted, idle blocks are waited
/// for and freed, and it is tried once more.
class BlockPool {
 public:
  static constexpr std::size_t kDefaultMaxIdleBytes = std::size_t{256} << 20;

  struct Stats {
    std::size_t idle_blocks = 0;
    std::size_t idle_bytes = 0;
    std::size_t lent_blocks = 0;
    std::size_t allocations = 0;  ///< Blocks taken from CUDA so far.
  };

  /// Keeps at most `max_idle_bytes` that nobody uses; beyond that the longest unused blocks go,
  /// once their fences are done.
  BlockPool(BlockKind kind, std::int32_t device, std::size_t max_idle_bytes = kDefaultMaxIdleBytes);
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  /// A block of at least `bytes` bytes (never null, also for 0) for a call of `context`, contents
  /// unspecified. `writer` is the stream that will be given the next work that uses it; null: the
  /// host will, and the block is free for that on return. Throws Error(kOutOfMemory) that names
  /// bytes and device, or as `check` does.
  BlockRef acquire(std::size_t bytes, const RunContext& context, cudaStream_t writer);

  /// Tells that `block`, which must come from a BlockPool, is in use until `fence` is done. To be
  /// called by the thread that runs, while it holds a reference, also if the run fails after it has
  /// enqueued work; a later call replaces the fence, so it must be of the same stream or of one
  /// that is held back by the fence before.
  static void set_last_use(const BlockRef& block, std::shared_ptr<const Fence> fence) noexcept;

  /// Waits for the idle blocks' fences and frees them.
  void trim() noexcept;

  /// Where the blocks lie: the pool's device (kDevice) or the host (kPinned).
  [[nodiscard]] Device device() const noexcept;
  [[nodiscard]] Stats stats() const;

 private:
  class State;
  class PooledBlock;
  std::shared_ptr<State> state_;
};

}  // namespace replayrt::cuda
