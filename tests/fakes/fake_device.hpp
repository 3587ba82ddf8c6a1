#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "replayrt/core/engine.hpp"

namespace replayrt::fakes {

/// A device whose work is done later, in order, by a thread of its own. While paused nothing is
/// done, so that a test decides when a run completes. What a task throws, its Completion throws.
/// Thread-safe.
class FakeDevice {
 public:
  FakeDevice() : worker_([this] { work(); }) {}
  ~FakeDevice() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      paused_ = false;
    }
    changed_.notify_all();
    worker_.join();
  }
  FakeDevice(const FakeDevice&) = delete;
  FakeDevice& operator=(const FakeDevice&) = delete;

  Completion enqueue(std::function<void()> task) {
    auto state = std::make_shared<State>(waiting_);
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back({std::move(task), state});
    }
    changed_.notify_all();
    return Completion(std::move(state));
  }

  /// Tasks that have not begun.
  std::size_t queued() {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
  }

  /// Threads that wait for a task now.
  int waiting() const { return *waiting_; }

  void pause() {
    const std::lock_guard lock(mutex_);
    paused_ = true;
  }
  void resume() {
    {
      const std::lock_guard lock(mutex_);
      paused_ = false;
    }
    changed_.notify_all();
  }

 private:
  class State final : public Completion::State {
   public:
    explicit State(std::shared_ptr<std::atomic<int>> waiting) : waiting_(std::move(waiting)) {}

    bool done() const override {
      const std::lock_guard lock(mutex_);
      return done_;
    }
    void wait() const override {
      std::unique_lock lock(mutex_);
      ++*waiting_;
      finished_.wait(lock, [&] { return done_; });
      --*waiting_;
      if (failure_ != nullptr) {
        std::rethrow_exception(failure_);
      }
    }
    void finish(std::exception_ptr failure) {
      const std::lock_guard lock(mutex_);
      failure_ = std::move(failure);
      done_ = true;
      finished_.notify_all();  // Under the lock: a waiter may destroy this as soon as it wakes.
    }

   private:
    const std::shared_ptr<std::atomic<int>> waiting_;
    mutable std::mutex mutex_;
    mutable std::condition_variable finished_;
    std::exception_ptr failure_;
    bool done_ = false;
  };
  struct Task {
    std::function<void()> run;
    std::shared_ptr<State> state;
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock,
                    [&] { return (!paused_ && !tasks_.empty()) || (stopping_ && tasks_.empty()); });
      if (tasks_.empty()) {
        return;
      }
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      std::exception_ptr failure;
      try {
        task.run();
      } catch (...) {
        failure = std::current_exception();
      }
      task.run = nullptr;
      task.state->finish(std::move(failure));
      lock.lock();
    }
  }

  const std::shared_ptr<std::atomic<int>> waiting_ = std::make_shared<std::atomic<int>>(0);
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool paused_ = false;
  bool stopping_ = false;
  std::thread worker_;  // Last: it uses all above.
};

}  // namespace replayrt::fakes
