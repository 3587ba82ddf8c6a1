#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

namespace replayrt::detail {

/// A number of permits, given out first in, first out, so that who asks for many is not starved by
/// those who ask for few. With one permit: a fair mutex. Thread-safe.
class FifoGate {
 public:
  /// Holds permits until it ends; any thread may end it.
  class Permit {
   public:
    Permit(Permit&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), count_(other.count_) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (gate_ != nullptr) {
        gate_->release(count_);
      }
    }

   private:
    friend class FifoGate;
    Permit(FifoGate* gate, std::size_t count) noexcept : gate_(gate), count_(count) {}

    FifoGate* gate_;
    std::size_t count_;
  };

  /// Must outlive its permits.
  explicit FifoGate(std::size_t permits) noexcept;
  FifoGate(const FifoGate&) = delete;
  FifoGate& operator=(const FifoGate&) = delete;

  /// Waits for `count` permits, at least one; all there are if it asks for more.
  [[nodiscard]] Permit acquire(std::size_t count = 1);

  [[nodiscard]] std::size_t permits() const noexcept { return permits_; }
  /// Most permits that were ever held at once.
  [[nodiscard]] std::size_t peak() const;
  /// Threads that wait now.
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Waiter {
    std::size_t count;
    bool granted = false;
    Waiter* next = nullptr;
    std::condition_variable ready;
  };

  void release(std::size_t count) noexcept;
  void take(std::size_t count) noexcept;

  const std::size_t permits_;
  mutable std::mutex mutex_;
  std::size_t free_;
  std::size_t peak_ = 0;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace replayrt::detail
