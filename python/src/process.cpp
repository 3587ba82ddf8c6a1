#include "process.hpp"

#include <pthread.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "bindings.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::python {
namespace {

std::atomic<bool> used{false};
std::atomic<bool> broken_fork{false};

/// Ends the process without the destructors of libraries, which would wait for the parent's
/// threads.
void leave(int status, void* /*unused*/) {
  std::fflush(nullptr);
  std::_Exit(status);
}

void on_fork_in_child() {
  if (used.load(std::memory_order_relaxed) && !broken_fork.exchange(true)) {
    on_exit(leave, nullptr);  // Called before all that was registered earlier.
  }
}

}  // namespace

void note_use() noexcept {
  used.store(true, std::memory_order_relaxed);
}

void require_usable_process() {
  if (is_broken_fork()) {
    throw Error(ErrorCode::kModelRuntime,
                "this process was forked from one that had already loaded a model or started a "
                "capture thread, and has none of its threads: load models after the fork, or start "
                "processes with multiprocessing.set_start_method('spawn')");
  }
}

bool is_broken_fork() noexcept {
  return broken_fork.load(std::memory_order_relaxed);
}

void watch_forks() {
  pthread_atfork(nullptr, nullptr, on_fork_in_child);
}

namespace detail {

void end_without_gil(void (*end)(void*), void* argument) noexcept {
  if (Py_IsInitialized() == 0) {
    end(argument);
    return;
  }
  const nb::gil_scoped_release release;
  end(argument);
}

}  // namespace detail
}  // namespace replayrt::python
