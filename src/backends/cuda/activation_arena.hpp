#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "backends/cuda/handles.hpp"
#include "core/fifo_gate.hpp"

namespace replayrt::cuda {

/// The scratch memory that all execution contexts of one engine share: N slots, each a non-blocking
/// stream and one block that is large enough for every shape of the engine. What is enqueued on a
/// slot's stream runs in that stream's order, so all that use a slot may use the whole block; VRAM
/// is slots x block, however many graphs there are. Thread-safe; its memory is fixed from
/// construction to destruction. Shared by executors; must not end before their device work has.
class ActivationArena {
 public:
  struct Slot {
    std::size_t index = 0;
    cudaStream_t stream = nullptr;
    void* memory = nullptr;  ///< Null if the engine needs none.
    std::size_t bytes = 0;
  };

  /// Exclusive use of a slot by one enqueue or graph launch: from its first to its last host call.
  /// Not until the device is done: the stream keeps the order.
  class Use {
   public:
    [[nodiscard]] const Slot& slot() const noexcept { return *slot_; }

   private:
    friend class ActivationArena;
    Use(const Slot& slot, replayrt::detail::FifoGate::Permit permit) noexcept
        : slot_(&slot), permit_(std::move(permit)) {}

    const Slot* slot_;
    replayrt::detail::FifoGate::Permit permit_;
  };

  /// A place on one slot for as long as it lives: what a captured graph, or an eager executor, is
  /// bound to. Keeps the arena alive.
  class Seat {
   public:
    Seat(Seat&& other) noexcept = default;
    Seat& operator=(Seat&&) = delete;
    ~Seat();

    [[nodiscard]] const Slot& slot() const noexcept;
    /// Waits for the slot, first in first out. Not twice by one thread. Throws nothing but
    /// std::system_error.
    [[nodiscard]] Use use() const;

   private:
    friend class ActivationArena;
    Seat(std::shared_ptr<ActivationArena> arena, std::size_t slot, std::uint64_t group) noexcept;

    std::shared_ptr<ActivationArena> arena_;
    std::size_t slot_;
    std::uint64_t group_;
  };

  /// `slots` >= 1 streams and blocks of `block_bytes` on `device`. Throws Error(kInvalidParameter)
  /// for no slots, Error(kOutOfMemory) that names slots and bytes, or as `check` does.
  static std::shared_ptr<ActivationArena> create(std::int32_t device, std::size_t slots,
                                                 std::size_t block_bytes);
  ActivationArena(const ActivationArena&) = delete;
  ActivationArena& operator=(const ActivationArena&) = delete;
  ~ActivationArena();

  /// A seat on the slot that has the fewest of `group` (instances of one key lie on different
  /// slots, so that they can run at once), then the fewest of all.
  static Seat take_seat(const std::shared_ptr<ActivationArena>& arena, std::uint64_t group);

  [[nodiscard]] std::size_t slot_count() const noexcept { return slots_.size(); }
  /// Threads that wait for a slot now.
  [[nodiscard]] std::size_t waiting() const;
  /// Bytes of each block.
  [[nodiscard]] std::size_t block_bytes() const noexcept { return block_bytes_; }
  /// Device memory of all slots together.
  [[nodiscard]] std::size_t bytes() const noexcept { return slots_.size() * block_bytes_; }

 private:
  struct OwnedSlot;
  ActivationArena(std::int32_t device, std::size_t slots, std::size_t block_bytes);
  void leave(std::size_t slot, std::uint64_t group) noexcept;

  const std::size_t block_bytes_;
  std::vector<std::unique_ptr<OwnedSlot>> slots_;
  std::mutex mutex_;  ///< Guards the seats of all slots.
};

}  // namespace replayrt::cuda
