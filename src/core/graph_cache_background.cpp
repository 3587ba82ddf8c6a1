#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "core/completion_guard.hpp"
#include "core/graph_cache_state.hpp"
#include "core/refusal.hpp"
#include "core/signature.hpp"

namespace replayrt::detail {
namespace {

/// While calls come, the background thread captures for at most a tenth of the time: where calls
/// keep all cores busy, what a capture costs pays back over many of them (benchmarks/restart.cpp).
constexpr int kRestPerCapture = 9;
constexpr auto kIdleLook = std::chrono::milliseconds(20);

}  // namespace

void GraphCacheState::enqueue(const std::shared_ptr<EngineState>& engine,
                              const std::shared_ptr<KeyRecord>& record,
                              const LiveInputs& inputs) noexcept {
  try {
    Job job = copied_job(engine, record, inputs);
    std::optional<Job> dropped;
    {
      const MutexLock lock(mutex_);
      dropped = push_job(std::move(job));
    }
    changed_.notify_all();
  } catch (const std::exception&) {  // No memory, or no thread.
    const MutexLock lock(mutex_);
    record->set_queued(false);
  }
}

GraphCacheState::Job GraphCacheState::copied_job(const std::shared_ptr<EngineState>& engine,
                                                 const std::shared_ptr<KeyRecord>& record,
                                                 const LiveInputs& inputs) const {
  Job job{engine, record, {}, {}, std::make_shared<Flight>()};
  // A graph that reads the caller's memory cannot run on copies: its first replay verifies it.
  const bool in_place = has_address(record->stats.key.inputs());
  if (options_.verify.probability > 0 && !in_place) {
    MemoryResource& memory = engine->backend().memory();
    for (const TensorView& input : inputs.views) {
      Tensor copy = memory.allocate(input.dtype, input.shape, input.device, inputs.context);
      if (copy.bytes() > 0) {
        memory.copy(copy.data(), input.data, copy.bytes(), inputs.context);
      }
      job.inputs.push_back(std::move(copy));
    }
    job.copied = memory.completion(inputs.context);
  }
  return job;
}

std::optional<GraphCacheState::Job> GraphCacheState::push_job(Job job) {
  if (closed_ || job.engine->retired()) {
    job.record->set_queued(false);
    return job;
  }
  start_worker();  // First: where there is no thread nothing may wait for it.
  queue_.push_back(std::move(job));
  if (static_cast<std::int64_t>(queue_.size()) <= options_.max_queued_captures) {
    return std::nullopt;
  }
  const std::uint64_t calls = usage_.calls;
  const auto coldest = std::ranges::min_element(queue_, {}, [calls](const Job& waiting) {
    return decayed_worth(waiting.record->usage, calls);
  });
  Job dropped = std::move(*coldest);
  queue_.erase(coldest);
  dropped.record->set_queued(false);
  return dropped;
}

void GraphCacheState::start_worker() {
  if (!worker_.joinable()) {
    try {
      worker_ = std::thread([self = shared_from_this()] { self->work(); });
    } catch (const std::system_error& error) {
      throw Error(ErrorCode::kOutOfMemory,
                  std::string("the cache's background thread cannot be started: ") + error.what());
    }
  }
}

void GraphCacheState::work() noexcept {
  while (std::optional<Job> job = next_job()) {
    if (job->flight == nullptr) {
      continue;
    }
    SmallVector<TensorView, 4> views;
    bool verify = false;
    Outcome outcome;
    try {
      for (const Tensor& input : job->inputs) {
        views.push_back(input.view());
      }
      job->copied.wait();
      const MutexLock lock(mutex_);
      verify = draw_verification();
    } catch (...) {
      set_refusal_from_exception(outcome.refusal);
      outcome.passing = true;
    }
    if (outcome.refusal.reason == Reason::kNone) {
      outcome = capture(job->engine, job->record, {views.span(), {}}, verify);
    }
    outcome.prewarms = job->prewarms;
    const bool kept = publish(outcome, *job->record, *job->flight, false);
    report_outcome(outcome, *job->record, kept);
    const MutexLock lock(mutex_);
    calls_at_capture_ = usage_.calls;
    rest_until_ = std::chrono::steady_clock::now() + kRestPerCapture * outcome.took;
  }
}

std::optional<GraphCacheState::Job> GraphCacheState::next_job() {
  std::list<Job> dropped;  // Freed when the lock is free: their inputs are the backend's memory.
  const MutexLock lock(mutex_);
  working_ = false;
  changed_.notify_all();
  while (true) {
    if (closed_) {
      return std::nullopt;
    }
    const TimePoint now = std::chrono::steady_clock::now();
    if (queue_.empty() && prewarms_.empty()) {
      changed_.wait(mutex_);
    } else if (now < rest_until_ && (active_ > 0 || usage_.calls != calls_at_capture_)) {
      // Calls are coming: rest. Looked at again soon, in case they cease.
      calls_at_capture_ = usage_.calls;
      changed_.wait_until(mutex_, std::min(rest_until_, now + kIdleLook));
    } else if (queue_.empty()) {
      return next_prewarm();
    } else {
      const std::uint64_t calls = usage_.calls;
      const auto hottest = std::ranges::max_element(queue_, {}, [calls](const Job& waiting) {
        return decayed_worth(waiting.record->usage, calls);
      });
      try {
        flights_.emplace(hottest->record->stats.key, hottest->flight);
      } catch (const std::bad_alloc&) {  // A later call leaves it here again.
        hottest->record->set_queued(false);
        dropped.splice(dropped.end(), queue_, hottest);
        changed_.notify_all();
        continue;
      }
      Job job = std::move(*hottest);
      queue_.erase(hottest);
      working_ = true;
      return job;
    }
  }
}

void GraphCacheState::drop_jobs(EngineId engine, std::list<Job>& out) noexcept {
  for (auto job = queue_.begin(); job != queue_.end();) {
    const auto here = job++;
    if (here->engine->id() == engine) {
      here->record->set_queued(false);
      out.splice(out.end(), queue_, here);
    }
  }
  for (auto job = prewarms_.begin(); job != prewarms_.end();) {
    const auto here = job++;
    if (here->engine->id() == engine) {
      here->record->set_to_be_prewarmed(false);
      out.splice(out.end(), prewarms_, here);
    }
  }
}

void GraphCacheState::wait_idle() {
  std::vector<Completion> pending;
  {
    const MutexLock lock(mutex_);
    while (!flights_.empty() || !queue_.empty() || !prewarms_.empty() || working_) {
      changed_.wait(mutex_);
    }
    for (const SlotIndex::Node& node : index_) {
      for (const EntryPtr& entry : node.value->instances) {
        if (!entry->leased && entry->has_pending) {
          pending.push_back(entry->pending);
        }
      }
    }
    for (const CacheEntry* entry = draining_.head(); entry != nullptr;
         entry = entry->next_out.get()) {
      pending.push_back(entry->pending);
    }
  }
  for (const Completion& completion : pending) {
    wait_until_over(completion);
  }
  reap();
}

void GraphCacheState::close() noexcept {
  EntryChain out;
  std::list<Job> jobs;
  std::thread worker;
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    jobs.swap(queue_);
    drop_prewarms(jobs);
    std::swap(worker, worker_);
    while (index_.size() > 0) {
      stats_.removals += take_out(index_.begin(), out);
    }
    while (EntryPtr entry = draining_.pop()) {
      out.push(std::move(entry));
    }
  }
  changed_.notify_all();
  if (worker.joinable()) {
    if (worker.get_id() == std::this_thread::get_id()) {
      worker.detach();  // A log sink held the last handle: the thread ends by itself.
    } else {
      worker.join();
    }
  }
  while (const EntryPtr entry = out.pop()) {
    wait_until_over(entry->pending);
  }
}

}  // namespace replayrt::detail
