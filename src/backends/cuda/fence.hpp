#pragma once

#include <cuda_runtime_api.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "backends/cuda/handles.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::cuda {

class FencePool;

/// A point in a stream: done when all that was enqueued before it is complete. What a run returns
/// as its Completion, and what keeps a pooled block from being written to too early. Immutable,
/// thread-safe, may outlive its pool. Needs no device to be current, and may be used beside any
/// capture.
class Fence final : public Completion::State {
 public:
  ~Fence() override;
  Fence(const Fence&) = delete;
  Fence& operator=(const Fence&) = delete;

  /// Throws as `check` does if the work failed.
  [[nodiscard]] bool done() const override;
  void wait() const override;
  [[nodiscard]] void* native_event() const noexcept override { return event_.get(); }

  /// Holds all later work of `stream` back until this is done. Does not block.
  void hold_back(cudaStream_t stream) const;

 private:
  friend class FencePool;
  struct Idle;
  Fence(std::shared_ptr<Idle> idle, Event event) noexcept;

  std::shared_ptr<Idle> idle_;  ///< Where the event goes back to.
  Event event_;
  /// Once it is done it stays so, and CUDA need not be asked, which takes over a microsecond.
  mutable std::atomic<bool> done_{false};
};

/// Makes fences of one device and uses their events again. Thread-safe.
class FencePool {
 public:
  explicit FencePool(std::int32_t device);

  /// A fence after all that `stream`, one of this pool's device, has been given so far. Throws as
  /// `check` does.
  std::shared_ptr<const Fence> record(cudaStream_t stream);

  /// Events made so far.
  [[nodiscard]] std::size_t events_made() const;

 private:
  std::int32_t device_;
  std::shared_ptr<Fence::Idle> idle_;
};

}  // namespace replayrt::cuda
