#include "backends/cuda/fence.hpp"

#include <mutex>
#include <utility>
#include <vector>

#include "backends/cuda/capture_mode.hpp"
#include "backends/cuda/check.hpp"
#include "backends/cuda/device_guard.hpp"

namespace replayrt::cuda {

struct Fence::Idle {
  std::mutex mutex;
  std::vector<Event> events;
  std::size_t made = 0;
};

Fence::Fence(std::shared_ptr<Idle> idle, Event event) noexcept
    : idle_(std::move(idle)), event_(std::move(event)) {}

Fence::~Fence() {
  const std::lock_guard lock(idle_->mutex);
  idle_->events.push_back(std::move(event_));  // Has room: see FencePool::record.
}

bool Fence::done() const {
  if (done_) {
    return true;
  }
  const RelaxedCaptureMode relaxed;
  const cudaError_t error = cudaEventQuery(event_.get());
  if (error == cudaErrorNotReady) {
    return succeeded(error);
  }
  check(error, "cudaEventQuery");
  done_ = true;
  return true;
}

void Fence::wait() const {
  if (done_) {
    return;
  }
  const RelaxedCaptureMode relaxed;
  check(cudaEventSynchronize(event_.get()), "cudaEventSynchronize");
  done_ = true;
}

void Fence::hold_back(cudaStream_t stream) const {
  if (done_) {
    return;
  }
  check(cudaStreamWaitEvent(stream, event_.get(), cudaEventWaitDefault), "cudaStreamWaitEvent");
}

FencePool::FencePool(std::int32_t device)
    : device_(device), idle_(std::make_shared<Fence::Idle>()) {}

std::shared_ptr<const Fence> FencePool::record(cudaStream_t stream) {
  Event event;
  {
    const std::lock_guard lock(idle_->mutex);
    if (!idle_->events.empty()) {
      event = std::move(idle_->events.back());
      idle_->events.pop_back();
    }
  }
  if (!event) {
    const DeviceGuard current(device_);
    event = make_event();
    const std::lock_guard lock(idle_->mutex);
    idle_->events.reserve(++idle_->made);
  }
  // From here on the event goes back by itself, whatever fails.
  std::shared_ptr<const Fence> fence(new Fence(idle_, std::move(event)));
  check(cudaEventRecord(fence->event_.get(), stream), "cudaEventRecord");
  return fence;
}

std::size_t FencePool::events_made() const {
  const std::lock_guard lock(idle_->mutex);
  return idle_->made;
}

}  // namespace replayrt::cuda
