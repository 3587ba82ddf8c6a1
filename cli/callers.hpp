#pragma once

#include <barrier>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace replayrt::cli {

/// Threads that begin the same piece of work together, again and again. They live on between the
/// pieces, so that no piece pays for what a runtime does at a thread's first call. One `run` at a
/// time.
class Callers {
 public:
  explicit Callers(std::size_t count);
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;
  ~Callers();

  /// Runs `work` on every thread at once, with the thread's number from 0. Returns the seconds from
  /// when the first one began to when the last one was done; rethrows what the first one threw that
  /// threw.
  double run(const std::function<void(std::size_t)>& work);

 private:
  using Clock = std::chrono::steady_clock;

  void serve(std::size_t caller);
  void work_once(std::size_t caller);

  std::barrier<> gate_;  // Passed by all threads and `run` before and after each piece.
  const std::function<void(std::size_t)>* work_ = nullptr;  // Null at the gate: the end.
  std::mutex mutex_;                                        // Guards the three below.
  Clock::time_point begun_;
  Clock::time_point done_;
  std::exception_ptr error_;
  std::vector<std::jthread> threads_;  // Last: they use all above.
};

}  // namespace replayrt::cli
