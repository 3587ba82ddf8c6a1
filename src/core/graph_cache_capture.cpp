#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "core/graph_cache_state.hpp"
#include "core/verification.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::detail {
namespace {

constexpr std::size_t kKeptCaptureTimes = 4096;
/// While calls come, the background thread captures for at most a quarter of the time.
constexpr int kRestPerCapture = 3;
constexpr auto kIdleLook = std::chrono::milliseconds(20);

constexpr std::uint64_t kThrashWindow = 16;
constexpr auto kWarnEvery = std::chrono::minutes(1);

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::string milliseconds_text(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

bool is_passing(Reason reason) {
  return reason == Reason::kOutOfMemory || reason == Reason::kNoFreeProfile;
}

}  // namespace

GraphCacheState::Outcome GraphCacheState::capture(const std::shared_ptr<EngineState>& engine,
                                                  const std::shared_ptr<KeyRecord>& record,
                                                  const LiveInputs& inputs, bool verify) noexcept {
  Outcome outcome;
  const TimePoint begin = clock_();
  if (auto graph = try_capture(*engine, record->stats.key, outcome.refusal)) {
    try {
      std::optional<std::string> difference;
      if (verify) {
        difference = disagreement(*engine, *graph, inputs);
      }
      if (difference.has_value()) {
        outcome.refusal = {Reason::kMismatch, *difference};
      } else {
        outcome.entry = std::make_shared<CacheEntry>(
            CacheEntry{.engine = engine, .graph = std::move(graph), .record = record});
        outcome.entry->verified = verify || options_.verify.probability < 1;
      }
    } catch (const std::exception& error) {
      outcome.refusal = {Reason::kCaptureFailed, error.what()};
    }
  }
  outcome.took = clock_() - begin;
  return outcome;
}

std::unique_ptr<Executor> GraphCacheState::try_capture(EngineState& engine, const GraphKey& key,
                                                       Refusal& refusal) noexcept {
  refusal.reason = Reason::kCaptureFailed;
  try {
    engine.add_cache(shared_from_this());
    auto graph = engine.backend().capture(key.inputs());
    if (graph == nullptr) {
      refusal.message = "the backend returned no graph";
    }
    return graph;
  } catch (const CaptureRefused& refused) {
    refusal = {refused.reason(), refused.what()};
  } catch (const Error& error) {
    refusal.reason =
        error.code() == ErrorCode::kOutOfMemory ? Reason::kOutOfMemory : Reason::kCaptureFailed;
    refusal.message = error.what();
  } catch (const std::bad_alloc& error) {
    refusal = {Reason::kOutOfMemory, error.what()};
  } catch (const std::exception& error) {
    refusal.message = error.what();
  } catch (...) {
    refusal.message = "the backend threw something that is no std::exception";
  }
  return nullptr;
}

bool GraphCacheState::publish(Outcome& outcome, KeyRecord& record, Flight& flight,
                              bool lease) noexcept {
  const TimePoint now = clock_();
  EntryChain victims;
  std::string warning;
  bool kept = false;
  {
    const MutexLock lock(mutex_);
    try {
      if (outcome.entry != nullptr) {
        if (capture_times_.size() == kKeptCaptureTimes) {
          capture_times_[stats_.captures % kKeptCaptureTimes] = outcome.took;
        } else {
          capture_times_.push_back(outcome.took);
        }
        ++stats_.captures;
        ++window_captures_;
        stats_.capture_time_total += outcome.took;
        ++record.stats.captures;
        ++record.engine->stats.captures;
        record.stats.capture_time = outcome.took;
        record.engine->stats.capture_time_total += outcome.took;
        record.engine->graph_bytes_total +=
            static_cast<std::int64_t>(outcome.entry->graph->bytes());
        outcome.refusal = why_not_kept(*outcome.entry);
        kept = outcome.refusal.reason == Reason::kNone && file(outcome.entry);
      }
      note_capture(record.usage, record.engine->usage, usage_, seconds(outcome.took));
      if (!kept && outcome.refusal.reason != Reason::kEngineRetired) {
        refuse(record, outcome.refusal, now);
      }
    } catch (const std::bad_alloc&) {  // Served eagerly, not remembered: the next call tries again.
      outcome.refusal.reason = Reason::kOutOfMemory;
    }
    if (kept) {
      outcome.entry->leased = lease;
      outcome.entry->slot->place->pinned = lease || outcome.entry->slot->place->pinned;
      make_room(*outcome.entry->slot, victims);
      stats_.peak_bytes = std::max(stats_.peak_bytes, index_.charge());
      warning = thrash_warning(now);
    } else {
      ++stats_.capture_failures;
      stats_.mismatches += outcome.refusal.reason == Reason::kMismatch ? 1U : 0U;
      if (lease) {
        recount_as_eager(Route::kCaptured, *record.engine, record);
      }
    }
    flight.done = true;
    flights_.erase(record.stats.key);
  }
  changed_.notify_all();
  if (!warning.empty()) {
    log(LogLevel::kWarning, warning);
  }
  return kept;
}

Refusal GraphCacheState::why_not_kept(const CacheEntry& entry) const {
  if (entry.engine->retired() || closed_) {
    return {Reason::kEngineRetired, "the engine or the cache went away during the capture"};
  }
  const auto bytes = static_cast<std::int64_t>(entry.graph->bytes());
  if (bytes > options_.max_bytes) {
    return {Reason::kOverBudget,
            "the graph holds " + std::to_string(bytes) +
                " bytes, more than max_bytes = " + std::to_string(options_.max_bytes)};
  }
  return {};
}

bool GraphCacheState::file(const EntryPtr& entry) {
  const GraphKey& key = entry->record->stats.key;
  const auto bytes = static_cast<std::int64_t>(entry->graph->bytes());
  if (SlotIndex::Node* node = index_.find(key)) {
    CacheSlot& slot = *node->value;
    slot.instances.push_back(entry);
    index_.recharge(slot.place, node->charge + bytes);
    entry->slot = &slot;
  } else {
    auto slot = std::make_unique<CacheSlot>();
    slot->instances.push_back(entry);
    entry->slot = slot.get();
    try {
      const auto place = index_.insert(key, std::move(slot), bytes);
      place->value->place = place;
    } catch (...) {
      entry->slot = nullptr;
      throw;
    }
  }
  entry->record->stats.held = true;
  entry->record->stats.bytes += bytes;
  ++entry->record->stats.instances;
  entry->record->engine->stats.bytes += bytes;
  return true;
}

void GraphCacheState::make_room(const CacheSlot& keep, EntryChain& victims) {
  while (static_cast<std::int64_t>(index_.size()) > options_.capacity ||
         index_.charge() > options_.max_bytes) {
    SlotIndex::Handle victim = index_.victim(keep.place);
    if (victim == index_.end()) {
      // Only instances of the kept key are left: its older ones go.
      take_out(*keep.instances.front(), victims);
      continue;
    }
    const KeyRecord& record = *victim->value->instances.front()->record;
    if (record.usage.saved < seconds(record.stats.capture_time)) {
      ++stats_.futile_evictions;
      ++window_futile_;
    }
    take_out(victim, stats_.evictions, victims);
  }
}

void GraphCacheState::refuse(KeyRecord& record, const Refusal& refusal, TimePoint now) {
  record.stats.refusal = refusal;
  record.retry_at = is_passing(refusal.reason) ? now + options_.retry_interval : TimePoint::max();
}

std::string GraphCacheState::thrash_warning(TimePoint now) {
  if (window_captures_ < kThrashWindow) {
    return {};
  }
  const std::uint64_t captures = std::exchange(window_captures_, 0);
  const std::uint64_t futile = std::exchange(window_futile_, 0);
  if (futile * 2 < captures || (warned_at_.has_value() && now - *warned_at_ < kWarnEvery)) {
    return {};
  }
  warned_at_ = now;
  ++stats_.thrash_warnings;
  return "the graph cache thrashes: of the last " + std::to_string(captures) + " captured graphs " +
         std::to_string(futile) + " pushed out one that had not earned its capture (" +
         milliseconds_text(stats_.capture_time_total) + " of captures so far, capacity " +
         std::to_string(options_.capacity) + ", " + std::to_string(index_.charge()) +
         " bytes held): raise capacity or max_bytes, or use admission pays_back";
}

void GraphCacheState::report_outcome(const Outcome& outcome, const KeyRecord& record,
                                     bool kept) const {
  const GraphKey& key = record.stats.key;  // Immutable.
  if (!kept) {
    log(outcome.refusal.reason == Reason::kEngineRetired ? LogLevel::kDebug : LogLevel::kWarning,
        key.to_string() + " is served eagerly (" + std::string(to_string(outcome.refusal.reason)) +
            "): " + outcome.refusal.message);
  } else if (log_enabled(LogLevel::kDebug)) {
    log(LogLevel::kDebug, "captured " + key.to_string() + " in " + milliseconds_text(outcome.took) +
                              ", " + std::to_string(outcome.entry->graph->bytes()) + " bytes");
  }
}

void GraphCacheState::enqueue(const std::shared_ptr<EngineState>& engine,
                              const std::shared_ptr<KeyRecord>& record, const LiveInputs& inputs) {
  Job job{engine, record, {}};
  if (options_.verify.probability > 0) {
    for (const TensorView& input : inputs.views) {
      Tensor copy = engine->backend().memory().allocate(input.dtype, input.shape);
      if (copy.bytes() > 0) {
        engine->backend().memory().copy(copy.data(), input.data, copy.bytes(), inputs.context);
      }
      job.inputs.push_back(std::move(copy));
    }
  }
  std::optional<Job> dropped;
  {
    const MutexLock lock(mutex_);
    if (closed_ || engine->retired()) {
      record->queued = false;
      return;
    }
    queue_.push_back(std::move(job));
    if (static_cast<std::int64_t>(queue_.size()) > options_.max_queued_captures) {
      const std::uint64_t calls = usage_.calls;
      const auto coldest = std::ranges::min_element(queue_, {}, [calls](const Job& waiting) {
        return decayed_worth(waiting.record->usage, calls);
      });
      dropped = std::move(*coldest);
      dropped->record->queued = false;
      queue_.erase(coldest);
    }
    if (!worker_.joinable()) {
      worker_ = std::thread([self = shared_from_this()] { self->work(); });
    }
  }
  changed_.notify_all();
}

void GraphCacheState::work() noexcept {
  while (std::optional<Job> job = next_job()) {
    SmallVector<TensorView, 4> views;
    for (const Tensor& input : job->inputs) {
      views.push_back(input.view());
    }
    bool verify = false;
    auto flight = std::make_shared<Flight>();
    {
      const MutexLock lock(mutex_);
      flights_.emplace(job->record->stats.key, flight);
      verify = !views.empty() && draw_verification();
    }
    Outcome outcome = capture(job->engine, job->record, {views.span(), {}}, verify);
    const bool kept = publish(outcome, *job->record, *flight, false);
    report_outcome(outcome, *job->record, kept);
    const MutexLock lock(mutex_);
    job->record->queued = false;
    calls_at_capture_ = usage_.calls;
    rest_until_ = std::chrono::steady_clock::now() + kRestPerCapture * outcome.took;
  }
}

std::optional<GraphCacheState::Job> GraphCacheState::next_job() {
  const MutexLock lock(mutex_);
  while (true) {
    if (closed_) {
      return std::nullopt;
    }
    const TimePoint now = std::chrono::steady_clock::now();
    if (queue_.empty()) {
      changed_.wait(mutex_);
    } else if (now < rest_until_ && (active_ > 0 || usage_.calls != calls_at_capture_)) {
      // Calls are coming: rest. Looked at again soon, in case they cease.
      calls_at_capture_ = usage_.calls;
      changed_.wait_until(mutex_, std::min(rest_until_, now + kIdleLook));
    } else {
      const std::uint64_t calls = usage_.calls;
      const auto hottest = std::ranges::max_element(queue_, {}, [calls](const Job& waiting) {
        return decayed_worth(waiting.record->usage, calls);
      });
      Job job = std::move(*hottest);
      queue_.erase(hottest);
      return job;
    }
  }
}

void GraphCacheState::drop_jobs(EngineId engine, std::vector<Job>& out) {
  for (Job& job : queue_) {
    if (job.engine->id() == engine) {
      job.record->queued = false;
      out.push_back(std::move(job));
    }
  }
  std::erase_if(queue_, [](const Job& job) { return job.engine == nullptr; });
}

}  // namespace replayrt::detail
