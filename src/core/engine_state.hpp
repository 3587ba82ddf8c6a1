#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/annotated_mutex.hpp"
#include "core/validate_inputs.hpp"
#include "replayrt/core/engine.hpp"
#include "replayrt/core/graph_cache.hpp"

namespace replayrt::detail {

/// An eager executor and the device work of its last run.
struct EagerSlot {
  std::unique_ptr<Executor> executor;
  Completion pending;
  bool has_pending = false;
  std::thread::id owner;  ///< Who leases it now.
};

/// What an Engine handle, leases, captures and cache entries share: the backend's engine, its pool
/// of eager executors, and the caches that hold its graphs. Thread-safe.
class EngineState : public std::enable_shared_from_this<EngineState> {
 public:
  explicit EngineState(std::unique_ptr<EngineBackend> backend);
  ~EngineState();
  EngineState(const EngineState&) = delete;
  EngineState& operator=(const EngineState&) = delete;

  [[nodiscard]] EngineId id() const noexcept { return id_; }
  [[nodiscard]] EngineBackend& backend() const noexcept { return *backend_; }

  [[nodiscard]] const Admission& preferred_admission() const noexcept { return admission_; }
  /// As the backend said when the engine was made: asked for under a cache's lock.
  [[nodiscard]] std::size_t shared_bytes() const noexcept { return shared_bytes_; }

  void validate(std::span<const TensorView> inputs) const { validate_inputs(*backend_, inputs); }
  [[nodiscard]] GraphKey key_for(std::span<const TensorView> inputs, InputBinding binding) const;
  /// The backend's; empty if that is not what the port promises.
  [[nodiscard]] std::string content_hash() const;

  /// An eager executor: an idle one, a new one while there are fewer than the backend wants, else
  /// the first to come free, first in first out. A caller that already holds one of them gets one
  /// beyond the bound rather than wait for itself. Throws what `make_eager` throws.
  Lease lease_eager(Reason reason);

  /// Takes an executor back (`keep`) or destroys it.
  void end_eager(std::unique_ptr<EagerSlot> slot, const Completion& completion, bool keep) noexcept;

  /// Callers that wait for an eager executor now.
  [[nodiscard]] std::size_t waiting() const;

  /// `cache` is told when the engine retires.
  void add_cache(const std::shared_ptr<GraphCacheState>& cache);

  /// The handle is gone: every cache that was added drops this engine's graphs.
  void retire() noexcept;
  [[nodiscard]] bool retired() const noexcept { return retired_.load(); }

 private:
  struct Waiter {
    CondVar ready;
    std::unique_ptr<EagerSlot> slot;
    bool may_create = false;
  };

  std::unique_ptr<EagerSlot> obtain_slot();
  /// Registers `slot` as leased by this thread.
  void note_leased(EagerSlot& slot) REPLAYRT_REQUIRES(mutex_);

  const std::unique_ptr<EngineBackend> backend_;  // First: executors are destroyed before it.
  const EngineId id_;
  const std::size_t limit_;
  const Admission admission_;
  const std::size_t shared_bytes_;
  std::atomic<bool> retired_{false};

  mutable Mutex mutex_;
  // These two have room for `live_` elements, so that a lease ends without allocating.
  std::vector<std::unique_ptr<EagerSlot>> idle_
      REPLAYRT_GUARDED_BY(mutex_);  ///< The longest idle first.
  std::vector<std::thread::id> leased_by_ REPLAYRT_GUARDED_BY(mutex_);
  std::deque<Waiter*> waiters_ REPLAYRT_GUARDED_BY(mutex_);
  /// Executors that exist or are being made.
  std::size_t live_ REPLAYRT_GUARDED_BY(mutex_) = 0;
  std::vector<std::weak_ptr<GraphCacheState>> caches_ REPLAYRT_GUARDED_BY(mutex_);
};

}  // namespace replayrt::detail
