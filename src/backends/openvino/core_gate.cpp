#include "backends/openvino/core_gate.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace replayrt::openvino {

std::size_t process_cores() noexcept {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return std::max<std::size_t>(static_cast<std::size_t>(CPU_COUNT(&set)), 1);
  }
  // More cores than a cpu_set_t holds.
  return std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

CoreGate::CoreGate(std::size_t cores) noexcept : cores_(cores), free_(cores) {}

CoreGate& CoreGate::process() {
  // Never destroyed: executors may still run while static objects are taken down.
  static CoreGate& gate = *new CoreGate(process_cores());
  return gate;
}

CoreGate::Permit CoreGate::acquire(std::size_t threads) {
  const std::size_t count = std::clamp<std::size_t>(threads, 1, cores_);
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

void CoreGate::release(std::size_t count) noexcept {
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

void CoreGate::take(std::size_t count) noexcept {
  free_ -= count;
  peak_ = std::max(peak_, cores_ - free_);
}

std::size_t CoreGate::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

}  // namespace replayrt::openvino
