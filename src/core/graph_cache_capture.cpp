#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "core/graph_cache_state.hpp"
#include "core/refusal.hpp"
#include "core/verification.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::detail {
namespace {

constexpr std::uint64_t kThrashWindow = 16;
constexpr auto kWarnEvery = std::chrono::minutes(1);

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
  if (auto graph = try_capture(*engine, record->stats.key, inputs, outcome)) {
    const bool can_verify = !inputs.views.empty();
    if (verify && can_verify) {
      check(*engine, inputs, outcome);
    }
    try {
      if (outcome.refusal.reason == Reason::kNone) {
        outcome.entry = std::make_shared<CacheEntry>(
            CacheEntry{.engine = engine, .graph = std::move(graph), .record = record});
        outcome.entry->bytes = static_cast<std::int64_t>(outcome.entry->graph->bytes());
        outcome.entry->verified = !verify || can_verify;
      }
    } catch (...) {
      set_refusal_from_exception(outcome.refusal);
    }
  }
  outcome.took = clock_() - begin;
  return outcome;
}

void GraphCacheState::check(EngineState& engine, const LiveInputs& inputs,
                            Outcome& outcome) const noexcept {
  try {
    if (const auto difference =
            disagreement(engine, *outcome.answer, inputs, clock_, outcome.eager_took)) {
      set_refusal(outcome.refusal, Reason::kMismatch, difference->c_str());
    }
  } catch (const CannotVerify& error) {
    set_refusal(outcome.refusal, Reason::kCaptureFailed, error.what());
    outcome.passing = true;
  } catch (...) {
    set_refusal_from_exception(outcome.refusal);
  }
}

std::unique_ptr<Executor> GraphCacheState::try_capture(EngineState& engine, const GraphKey& key,
                                                       const LiveInputs& inputs,
                                                       Outcome& outcome) noexcept {
  try {
    std::unique_ptr<Executor> graph;
    if (inputs.views.empty()) {
      graph = engine.backend().capture(key.inputs());
    } else {
      Answer& answer = outcome.answer.emplace();
      graph = engine.backend().capture_and_run(key.inputs(), inputs.views, inputs.context,
                                               answer.outputs, answer.report);
    }
    if (graph == nullptr) {
      set_refusal(outcome.refusal, Reason::kCaptureFailed, "the backend returned no graph");
    }
    return graph;
  } catch (...) {
    set_refusal_from_exception(outcome.refusal);
  }
  return nullptr;
}

void GraphCacheState::try_run(Executor& graph, const LiveInputs& inputs,
                              Outcome& outcome) noexcept {
  try {
    Answer& answer = outcome.answer.emplace();
    answer.report = graph.run(inputs.views, inputs.context, answer.outputs);
  } catch (...) {
    set_refusal_from_exception(outcome.refusal);
  }
}

bool GraphCacheState::publish(Outcome& outcome, KeyRecord& record, Flight& flight,
                              bool lease) noexcept {
  const TimePoint now = clock_();
  EntryChain victims;
  std::list<Job> no_room;
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
        record.engine->graph_bytes_total += outcome.entry->bytes;
        outcome.refusal = why_not_kept(*outcome.entry);
        if (outcome.prewarms && outcome.refusal.reason == Reason::kNone &&
            !has_room_for(outcome.entry->bytes, 1)) {
          outcome.no_room = true;
          outcome.refusal = {Reason::kOverBudget, "the cache is full"};
          drop_prewarms(no_room);
        }
        kept = outcome.refusal.reason == Reason::kNone && file(outcome.entry);
      }
      CacheUsage asked_for;  // What was asked for is not held against what calls capture.
      note_capture(record.usage, record.engine->usage, outcome.prewarms ? asked_for : usage_,
                   seconds(outcome.took), outcome.answer.has_value() && lease);
      note_compared(record.usage, seconds(outcome.eager_took));
      if (!kept && outcome.refusal.reason != Reason::kEngineRetired && !outcome.no_room) {
        refuse(record, outcome, now);
      }
    } catch (const std::bad_alloc&) {  // Served eagerly, not remembered: the next call tries again.
      outcome.refusal.reason = Reason::kOutOfMemory;
    }
    if (kept) {
      outcome.entry->leased = lease;
      outcome.entry->slot->place->pinned = lease || outcome.entry->slot->place->pinned;
      if (outcome.prewarms) {
        ++stats_.prewarmed;
        index_.demote(outcome.entry->slot->place);  // Before all that calls have used.
      }
      make_room(*outcome.entry->slot, victims);
      stats_.peak_bytes = std::max(stats_.peak_bytes, index_.charge());
      try {
        warning = thrash_warning(now);
      } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): counted, not told.
      }
    } else {
      ++stats_.capture_failures;
      if (lease) {
        book_open(Route::kCaptured, record, -1);
        recount_as_eager(Route::kCaptured, *record.engine, record);
      }
    }
    flight.done = true;
    flights_.erase(record.stats.key);
    record.set_queued(false);
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
  if (entry.bytes > options_.max_bytes) {
    return {Reason::kOverBudget,
            "the graph holds " + std::to_string(entry.bytes) +
                " bytes, more than max_bytes = " + std::to_string(options_.max_bytes)};
  }
  return {};
}

bool GraphCacheState::file(const EntryPtr& entry) {
  const GraphKey& key = entry->record->stats.key;
  if (SlotIndex::Node* node = index_.find(key)) {
    CacheSlot& slot = *node->value;
    slot.instances.push_back(entry);
    index_.recharge(slot.place, node->charge + entry->bytes);
    entry->slot = &slot;
  } else {
    auto slot = std::make_unique<CacheSlot>();
    slot->instances.push_back(entry);
    entry->slot = slot.get();
    try {
      const auto place = index_.insert(key, std::move(slot), entry->bytes);
      place->value->place = place;
    } catch (...) {
      entry->slot = nullptr;
      throw;
    }
  }
  entry->record->set_held(true);
  entry->record->stats.bytes += entry->bytes;
  ++entry->record->stats.instances;
  entry->record->engine->stats.bytes += entry->bytes;
  return true;
}

void GraphCacheState::make_room(const CacheSlot& keep, EntryChain& victims) {
  while (static_cast<std::int64_t>(index_.size()) > options_.capacity ||
         index_.charge() > options_.max_bytes) {
    std::optional<VictimRank> first;
    const auto victim = next_out(keep.place, first);
    if (victim == index_.end()) {
      // Only instances of the kept key are left: its older ones go.
      ++stats_.evictions;
      take_out(*keep.instances.front(), victims);
      continue;
    }
    const KeyRecord& record = *victim->value->instances.front()->record;
    if (record.usage.saved < seconds(record.stats.capture_time)) {
      ++stats_.futile_evictions;
      ++window_futile_;
    }
    stats_.evictions += take_out(victim->value->place, victims);
  }
}

void GraphCacheState::refuse(KeyRecord& record, const Outcome& outcome, TimePoint now) noexcept {
  stats_.mismatches += outcome.refusal.reason == Reason::kMismatch ? 1U : 0U;
  set_refusal(record.stats.refusal.emplace(), outcome.refusal.reason,
              outcome.refusal.message.c_str());
  const bool passing = outcome.passing || is_passing(outcome.refusal.reason);
  record.retry_at = passing ? retry_at(now) : TimePoint::max();
}

TimePoint GraphCacheState::retry_at(TimePoint now) const noexcept {
  return options_.retry_interval < TimePoint::max() - now ? now + options_.retry_interval
                                                          : TimePoint::max();
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
                                     bool kept) const noexcept try {
  const GraphKey& key = record.stats.key;  // Immutable.
  if (outcome.no_room) {
    log(LogLevel::kInfo, "prewarming ends at " + key.to_string() + ": the cache is full");
  } else if (!kept) {
    const LogLevel level =
        outcome.refusal.reason == Reason::kEngineRetired ? LogLevel::kDebug : LogLevel::kWarning;
    if (log_enabled(level)) {
      log(level, key.to_string() + " is served eagerly (" +
                     std::string(to_string(outcome.refusal.reason)) +
                     "): " + outcome.refusal.message);
    }
  } else if (log_enabled(LogLevel::kDebug)) {
    log(LogLevel::kDebug, "captured " + key.to_string() + " in " + milliseconds_text(outcome.took) +
                              ", " + std::to_string(outcome.entry->bytes) + " bytes");
  }
} catch (const std::exception&) {  // No memory for the message: the call goes on without it.
}

}  // namespace replayrt::detail
