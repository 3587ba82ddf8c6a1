#pragma once

#include <cstddef>
#include <memory>

#include "replayrt/core/engine.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt {

/// Lends out host memory and keeps what comes back for the next run, so that a warm run neither
/// asks the system for memory nor faults pages in. Thread-safe. Lent blocks may outlive the pool;
/// they then free themselves.
class HostBlockPool {
 public:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kDefaultMaxIdleBytes = std::size_t{256} << 20;

  struct Stats {
    std::size_t idle_blocks = 0;
    std::size_t idle_bytes = 0;  ///< Never more than the pool's cap.
    std::size_t lent_blocks = 0;
    std::size_t allocations = 0;  ///< Blocks taken from the system so far.
  };

  /// Keeps at most `max_idle_bytes` of memory that nobody uses; beyond that the longest unused
  /// block goes.
  explicit HostBlockPool(std::size_t max_idle_bytes = kDefaultMaxIdleBytes);
  HostBlockPool(const HostBlockPool&) = delete;
  HostBlockPool& operator=(const HostBlockPool&) = delete;
  ~HostBlockPool();

  /// A block of at least `bytes` bytes, aligned to kAlignment, contents unspecified: the most
  /// recently used idle block that fits without much waste, for 1 MiB or more any idle block that
  /// fits, or a new one. Throws
  /// Error(kOutOfMemory).
  BlockRef acquire(std::size_t bytes);

  [[nodiscard]] Stats stats() const;

 private:
  class State;
  class PooledBlock;
  std::shared_ptr<State> state_;
};

/// MemoryResource for engines that run on host memory.
class HostMemory final : public MemoryResource {
 public:
  /// Takes its tensors from `pool`, which must outlive this object.
  explicit HostMemory(HostBlockPool& pool) noexcept : pool_(pool) {}

  Tensor allocate(DType dtype, const Shape& shape, const Device& where,
                  const RunContext& context) override;
  void copy(void* to, const void* from, std::size_t bytes, const RunContext& context) override;
  void fill_zero(void* to, std::size_t bytes, const RunContext& context) override;
  void fill(void* to, std::size_t bytes, std::span<const std::byte> pattern,
            const RunContext& context) override;

 private:
  HostBlockPool& pool_;
};

}  // namespace replayrt
