#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

namespace replayrt::openvino {

/// Number of cores that this process may use (its affinity), at least 1.
std::size_t process_cores() noexcept;

/// Shares the cores among all runs of the process: a run holds one permit per thread that it
/// computes with, so that many engines and captured graphs never have more threads at work than
/// there are cores. First in, first out, so that a run with many threads is not starved by small
/// ones. Thread-safe.
class CoreGate {
 public:
  /// Holds permits until it ends.
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
    friend class CoreGate;
    Permit(CoreGate* gate, std::size_t count) noexcept : gate_(gate), count_(count) {}

    CoreGate* gate_;
    std::size_t count_;
  };

  explicit CoreGate(std::size_t cores) noexcept;
  CoreGate(const CoreGate&) = delete;
  CoreGate& operator=(const CoreGate&) = delete;

  /// The gate of this process, with `process_cores()` permits.
  static CoreGate& process();

  /// Waits for `threads` permits; all there are if it asks for more.
  [[nodiscard]] Permit acquire(std::size_t threads);

  [[nodiscard]] std::size_t cores() const noexcept { return cores_; }
  /// Most permits that were ever held at once.
  [[nodiscard]] std::size_t peak() const;

 private:
  struct Waiter {
    std::size_t count;
    bool granted = false;
    Waiter* next = nullptr;
    std::condition_variable ready;
  };

  void release(std::size_t count) noexcept;
  void take(std::size_t count) noexcept;

  const std::size_t cores_;
  mutable std::mutex mutex_;
  std::size_t free_;
  std::size_t peak_ = 0;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace replayrt::openvino
