#include "core/fifo_gate.hpp"

#include <algorithm>

namespace replayrt::detail {

FifoGate::FifoGate(std::size_t permits) noexcept : permits_(permits), free_(permits) {}

FifoGate::Permit FifoGate::acquire(std::size_t count) {
  count = std::clamp<std::size_t>(count, 1, permits_);
  std::unique_lock lock(mutex_);
  if (first_ == nullptr && free_ >= count) {
    take(count);
    return {this, count};
  }
  Waiter waiter{.count = count, .ready = {}};
  (last_ == nullptr ? first_ : last_->next) = &waiter;
  last_ = &waiter;
  waiter.ready.wait(lock, [&] { return waiter.granted; });
  return {this, count};
}

void FifoGate::release(std::size_t count) noexcept {
  const std::lock_guard lock(mutex_);
  free_ += count;
  while (first_ != nullptr && free_ >= first_->count) {
    Waiter& next = *first_;
    first_ = next.next;
    last_ = first_ == nullptr ? nullptr : last_;
    take(next.count);
    next.granted = true;
    // Under the lock: the waiter's condition variable lives on the waiter's stack.
    next.ready.notify_one();
  }
}

void FifoGate::take(std::size_t count) noexcept {
  free_ -= count;
  peak_ = std::max(peak_, permits_ - free_);
}

std::size_t FifoGate::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

std::size_t FifoGate::waiting() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const Waiter* waiter = first_; waiter != nullptr; waiter = waiter->next) {
    ++count;
  }
  return count;
}

}  // namespace replayrt::detail
