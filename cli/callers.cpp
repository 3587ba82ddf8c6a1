#include "callers.hpp"

#include <algorithm>
#include <utility>

namespace replayrt::cli {

Callers::Callers(std::size_t count) : gate_(static_cast<std::ptrdiff_t>(count) + 1) {
  threads_.reserve(count);
  try {
    for (std::size_t i = 0; i < count; ++i) {
      threads_.emplace_back([this, i] { serve(i); });
    }
  } catch (...) {
    // Those that started wait for as many as were meant to come.
    for (std::size_t i = threads_.size(); i < count; ++i) {
      gate_.arrive_and_drop();
    }
    gate_.arrive_and_wait();
    throw;
  }
}

Callers::~Callers() {
  work_ = nullptr;
  gate_.arrive_and_wait();
}

double Callers::run(const std::function<void(std::size_t)>& work) {
  work_ = &work;
  begun_ = Clock::time_point::max();
  done_ = Clock::time_point::min();
  error_ = nullptr;
  gate_.arrive_and_wait();
  gate_.arrive_and_wait();
  if (error_ != nullptr) {
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
  return std::chrono::duration<double>(done_ - begun_).count();
}

void Callers::serve(std::size_t caller) {
  for (;;) {
    gate_.arrive_and_wait();
    if (work_ == nullptr) {
      return;
    }
    work_once(caller);
    gate_.arrive_and_wait();
  }
}

void Callers::work_once(std::size_t caller) {
  std::exception_ptr error;
  const Clock::time_point begun = Clock::now();
  try {
    (*work_)(caller);
  } catch (...) {
    error = std::current_exception();
  }
  const Clock::time_point done = Clock::now();
  const std::lock_guard lock(mutex_);
  begun_ = std::min(begun_, begun);
  done_ = std::max(done_, done);
  if (error_ == nullptr) {
    error_ = error;
  }
}

}  // namespace replayrt::cli
