#pragma once

#include <memory>
#include <utility>

namespace replayrt::python {

/// Says that this process now has threads and locks of ReplayRT's backends, which a forked child
/// would not have. Called before an engine is loaded or a thread started.
void note_use() noexcept;

/// Throws Error(kModelRuntime) in a process that was forked from one that had used ReplayRT.
void require_usable_process();

/// Whether this is such a process. Its copies of the parent's objects are never destroyed: the
/// threads and locks that their ends would wait for exist in the parent only.
[[nodiscard]] bool is_broken_fork() noexcept;

/// Starts watching for forks. Called once.
void watch_forks();

namespace detail {
/// Runs `end` without the GIL, so that what it waits for may take it (a log message, say).
void end_without_gil(void (*end)(void*), void* argument) noexcept;
}  // namespace detail

/// What a Python object owns of ReplayRT: shared, ended without the GIL, and left alone in a broken
/// fork.
template <class T>
class Owned {
 public:
  Owned() noexcept = default;
  explicit Owned(std::shared_ptr<T> value) noexcept : value_(std::move(value)) {}
  Owned(Owned&& other) noexcept = default;
  Owned& operator=(Owned&&) = delete;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { reset(); }

  void reset() noexcept {
    if (value_ == nullptr) {
      return;
    }
    std::shared_ptr<T> ending = std::move(value_);
    value_ = nullptr;
    if (is_broken_fork()) {
      new (std::nothrow) std::shared_ptr<T>(std::move(ending));  // Kept for ever, on purpose.
      return;
    }
    detail::end_without_gil(
        [](void* argument) { static_cast<std::shared_ptr<T>*>(argument)->reset(); }, &ending);
  }

  [[nodiscard]] const std::shared_ptr<T>& get() const noexcept { return value_; }
  explicit operator bool() const noexcept { return value_ != nullptr; }

 private:
  std::shared_ptr<T> value_;
};

}  // namespace replayrt::python
