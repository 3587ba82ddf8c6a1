#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// Clang's thread-safety analysis (-Wthread-safety) proves at compile time that what a lock guards
// is touched only while it is held. Other compilers see nothing of it.
#if defined(__clang__)
#define REPLAYRT_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define REPLAYRT_THREAD_ANNOTATION(x)
#endif
#define REPLAYRT_GUARDED_BY(x) REPLAYRT_THREAD_ANNOTATION(guarded_by(x))
#define REPLAYRT_REQUIRES(...) REPLAYRT_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define REPLAYRT_EXCLUDES(...) REPLAYRT_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace replayrt::detail {

/// std::mutex, known to the analysis.
class REPLAYRT_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() REPLAYRT_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() REPLAYRT_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

/// Holds a Mutex for a scope.
class REPLAYRT_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) REPLAYRT_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() REPLAYRT_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// std::condition_variable for a Mutex. As there, waits may end early: callers loop on their
/// condition.
class CondVar {
 public:
  void wait(Mutex& mutex) REPLAYRT_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  /// Whether it was woken, rather than timed out.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      REPLAYRT_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool woken = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace replayrt::detail
