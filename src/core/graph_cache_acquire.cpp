#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "core/completion_guard.hpp"
#include "core/graph_cache_state.hpp"
#include "core/verification.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::detail {
namespace {

constexpr std::size_t kRememberedKeys = 4096;

CacheEntry* free_instance(const CacheSlot& slot) noexcept {
  const auto found =
      std::ranges::find_if(slot.instances, [](const EntryPtr& entry) { return !entry->leased; });
  return found == slot.instances.end() ? nullptr : found->get();
}

}  // namespace

Lease GraphCacheState::acquire(const std::shared_ptr<EngineState>& engine, const GraphKey& key,
                               std::span<const TensorView> views, const RunContext& context) {
  const LiveInputs inputs{views, context};
  if (key.engine() != engine->id()) {
    throw Error(
        ErrorCode::kInvalidParameter,
        "key '" + key.to_string() + "' was given with engine " + std::to_string(engine->id()));
  }
  std::optional<Decision> hit = decide_hit(*engine, key);
  Decision decision;
  try {
    if (!hit.has_value()) {
      engine->add_cache(shared_from_this());  // Records and queued captures end with the engine.
      hit = decide_miss(*engine, key, clock_(), !views.empty());
    }
    decision = std::move(*hit);
  } catch (const std::bad_alloc&) {  // Nothing could be remembered: as if the cache were not asked.
    return engine->lease_eager(Reason::kOutOfMemory);
  }
  if (decision.flight != nullptr) {
    return capture_and_lease(engine, decision, inputs);
  }
  if (decision.entry != nullptr) {
    decision.reason = make_ready(*engine, decision.entry, inputs);
    if (decision.reason == Reason::kNone) {
      return lease_of(std::move(decision.entry), Route::kReplayed);
    }
    decision.record = decision.entry->record;
    const End end = decision.reason == Reason::kBusy ? End::kUnused : End::kRefused;
    end_lease(std::move(decision.entry), Completion{}, end, Route::kReplayed, std::nullopt);
  }
  if (decision.enqueue) {
    enqueue(engine, decision.record, inputs);
  }
  return lease_eager(*engine, decision.reason, std::move(decision.record));
}

std::optional<GraphCacheState::Decision> GraphCacheState::decide_hit(const EngineState& engine,
                                                                     const GraphKey& key) {
  const MutexLock lock(mutex_);
  SlotIndex::Node* node = index_.find(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  CacheSlot& slot = *node->value;
  CacheEntry* entry = free_instance(slot);
  const bool may_add =
      static_cast<std::int64_t>(slot.instances.size()) < options_.max_instances_per_key;
  if (entry == nullptr && may_add) {
    return std::nullopt;  // Perhaps one more: decide_miss knows.
  }
  index_.touch(slot.place);
  ++stats_.hits;
  KeyRecord& record = *slot.instances.front()->record;
  if (record.remembered) {
    keys_.touch(record.place);
  }
  ++record.usage.sightings;
  const auto shared_record = [&] { return slot.instances.front()->record; };
  if (entry == nullptr) {
    return eagerly(Reason::kBusy, shared_record());
  }
  if (admission_of(engine).kind == Admission::Kind::kPaysBack && remeasure_now(record.usage)) {
    return eagerly(Reason::kRemeasure, shared_record());
  }
  entry->leased = true;
  node->pinned = true;
  count(record, Route::kReplayed);
  const auto place = std::ranges::find(slot.instances, entry, &EntryPtr::get);
  return Decision{.entry = *place};
}

GraphCacheState::Decision GraphCacheState::decide_miss(const EngineState& engine,
                                                       const GraphKey& key, TimePoint now,
                                                       bool can_verify) {
  const auto deadline = options_.max_wait >= std::chrono::hours(24 * 365)
                            ? TimePoint::max()
                            : std::chrono::steady_clock::now() + options_.max_wait;
  const MutexLock lock(mutex_);
  std::shared_ptr<KeyRecord> record = record_of(key);
  ++record->usage.sightings;
  bool waited = false;
  while (true) {
    // Another thread may have filed the graph since decide_hit looked, or while this one waited.
    SlotIndex::Node* node = index_.find(key);
    if (node != nullptr) {
      index_.touch(node->value->place);
      if (CacheEntry* entry = free_instance(*node->value)) {
        entry->leased = true;
        node->pinned = true;
        ++stats_.hits;
        count(*record, Route::kReplayed);
        return {.entry = *std::ranges::find(node->value->instances, entry, &EntryPtr::get)};
      }
    }
    const bool held = node != nullptr;
    std::shared_ptr<Flight> next;  // Made first: nothing fails once the call is counted.
    if (options_.capture == CaptureMode::kInline && !flights_.contains(key)) {
      next = std::make_shared<Flight>();
    }
    ++(held ? stats_.hits : stats_.misses);
    const bool full = held && static_cast<std::int64_t>(node->value->instances.size()) >=
                                  options_.max_instances_per_key;
    if (full) {
      return eagerly(Reason::kBusy, std::move(record));
    }
    if (options_.capacity == 0) {
      return eagerly(Reason::kCapacityZero, std::move(record));
    }
    if (engine.retired() || closed_) {
      return eagerly(Reason::kEngineRetired, std::move(record));
    }
    if (const auto found = flights_.find(key); found != flights_.end()) {
      if (options_.capture == CaptureMode::kBackground || held) {
        return eagerly(held ? Reason::kBusy : Reason::kCapturePending, std::move(record));
      }
      if (waited && std::chrono::steady_clock::now() >= deadline) {
        return eagerly(Reason::kCaptureWaited, std::move(record));
      }
      --stats_.misses;  // Counted when it is known how the wait ends.
      const std::shared_ptr<Flight> flight = found->second;
      while (!flight->done) {
        if (deadline == TimePoint::max()) {
          changed_.wait(mutex_);
        } else if (!changed_.wait_until(mutex_, deadline)) {
          break;
        }
      }
      waited = true;
      continue;
    }
    if (record->queued) {  // Before admission: no second capture is to be allowed for it.
      return eagerly(held ? Reason::kBusy : Reason::kCapturePending, std::move(record));
    }
    if (const Reason reason = why_not_capture(engine, *record, now); reason != Reason::kNone) {
      return eagerly(held ? Reason::kBusy : reason, std::move(record));
    }
    if (options_.capture == CaptureMode::kBackground) {
      record->queued = true;
      Decision decision =
          eagerly(held ? Reason::kBusy : Reason::kCapturePending, std::move(record));
      decision.enqueue = true;
      return decision;
    }
    try {
      flights_.emplace(key, next);
    } catch (const std::bad_alloc&) {
      return eagerly(held ? Reason::kBusy : Reason::kOutOfMemory, std::move(record));
    }
    count(*record, Route::kCaptured);  // Recounted if the capture fails.
    return {.flight = std::move(next),
            .record = std::move(record),
            .verify = can_verify && draw_verification()};
  }
}

void GraphCacheState::count(KeyRecord& record, Route route) {
  ++usage_.calls;
  ++active_;
  ++record.stats.calls;
  GraphCacheStats& all = stats_;
  EngineStats& engine = record.engine->stats;
  switch (route) {
    case Route::kEager:
      ++all.eager;
      ++engine.eager;
      ++record.stats.eager;
      break;
    case Route::kCaptured:
      ++all.captured;
      ++engine.captured;
      break;
    case Route::kReplayed:
      ++all.replayed;
      ++engine.replayed;
      ++record.stats.replayed;
      break;
  }
}

GraphCacheState::Decision GraphCacheState::eagerly(Reason reason,
                                                   std::shared_ptr<KeyRecord> record) {
  count(*record, Route::kEager);
  return {.reason = reason, .record = std::move(record)};
}

Reason GraphCacheState::why_not_capture(const EngineState& engine, KeyRecord& record,
                                        TimePoint now) {
  if (record.stats.refusal.has_value()) {
    if (now < record.retry_at) {
      return record.stats.refusal->reason;
    }
    record.stats.refusal.reset();
  }
  const Admission admission = admission_of(engine);
  Reason reason = Reason::kNone;
  if (admission.kind == Admission::Kind::kSightings) {
    const auto needed = static_cast<std::uint64_t>(admission.sightings_needed);
    reason = record.usage.sightings >= needed ? Reason::kNone : Reason::kNotYet;
  } else if (admission.kind == Admission::Kind::kPaysBack) {
    const CaptureEstimate estimate = engine.backend().estimate(record.stats.key.inputs());
    const double price =
        expected_price(record.engine->usage, std::chrono::duration<double>(estimate.time).count());
    reason = pays_back(record.usage, record.engine->usage, usage_, price,
                       worth_of_victims(engine, record));
  }
  return reason == Reason::kNone && captures_exhausted(now) ? Reason::kRateLimited : reason;
}

double GraphCacheState::worth_of_victims(const EngineState& engine, const KeyRecord& record) {
  const EngineRecord& known = *record.engine;
  const auto expected =
      known.usage.captures > 0 && known.stats.captures > 0
          ? known.graph_bytes_total / static_cast<std::int64_t>(known.stats.captures)
          : static_cast<std::int64_t>(engine.backend().estimate(record.stats.key.inputs()).bytes);
  auto bytes = index_.charge() + expected;
  auto size = static_cast<std::int64_t>(index_.size()) + 1;
  double worth = 0;
  for (const SlotIndex::Node& node : index_) {
    if (size <= options_.capacity && bytes <= options_.max_bytes) {
      break;
    }
    worth += decayed_worth(node.value->instances.front()->record->usage, usage_.calls);
    bytes -= node.charge;
    --size;
  }
  return worth;
}

bool GraphCacheState::captures_exhausted(TimePoint now) {
  if (options_.max_captures_per_second == 0) {
    return false;
  }
  const auto limit = static_cast<std::uint64_t>(options_.max_captures_per_second);
  TimePoint& oldest = capture_begins_[captures_begun_ % limit];
  if (captures_begun_ >= limit && now - oldest < std::chrono::seconds(1)) {
    return true;
  }
  oldest = now;
  ++captures_begun_;
  return false;
}

bool GraphCacheState::draw_verification() {
  // The fractional parts of multiples of the golden ratio: evenly spread, and the same in every
  // run.
  const double place = static_cast<double>(verification_draws_++) * 0.6180339887498949;
  return place - static_cast<double>(static_cast<std::uint64_t>(place)) <
         options_.verify.probability;
}

std::shared_ptr<KeyRecord> GraphCacheState::record_of(const GraphKey& key) {
  if (const auto* known = keys_.find(key)) {
    keys_.touch(keys_.handle_of(key));
    return known->value;
  }
  std::shared_ptr<EngineRecord>& engine = engines_[key.engine()];
  if (engine == nullptr) {
    engine = std::make_shared<EngineRecord>();
    engine->stats.engine = key.engine();
  }
  auto record = std::make_shared<KeyRecord>(key, engine);
  record->place = keys_.insert(key, record, 0);
  record->remembered = true;
  if (keys_.size() > kRememberedKeys) {
    keys_.take(keys_.victim(record->place))->remembered = false;
  }
  return record;
}

Admission GraphCacheState::admission_of(const EngineState& engine) const {
  return options_.admission.has_value() ? *options_.admission : engine.preferred_admission();
}

Lease GraphCacheState::lease_of(EntryPtr entry, Route route) noexcept {
  Lease lease;
  lease.cache_ = shared_from_this();
  lease.executor_ = entry->graph.get();
  lease.entry_ = std::move(entry);
  lease.route_ = route;
  return lease;
}

Lease GraphCacheState::lease_eager(EngineState& engine, Reason reason,
                                   std::shared_ptr<KeyRecord> record) {
  try {
    Lease lease = engine.lease_eager(reason);
    lease.cache_ = shared_from_this();
    lease.record_ = std::move(record);
    return lease;
  } catch (...) {
    end_eager(*record, std::nullopt);
    throw;
  }
}

Reason GraphCacheState::make_ready(EngineState& engine, const EntryPtr& entry,
                                   const LiveInputs& inputs) noexcept {
  // Asked outside the lock: it calls into the backend.
  if (entry->has_pending) {
    if (!is_over(entry->pending)) {
      return Reason::kBusy;
    }
    entry->pending = Completion{};
    entry->has_pending = false;
  }
  if (entry->verified || inputs.views.empty()) {
    return Reason::kNone;
  }
  Outcome outcome;
  check(engine, *entry->graph, inputs, outcome);
  if (outcome.refusal.reason == Reason::kNone) {
    entry->verified = true;
    return Reason::kNone;
  }
  const TimePoint now = clock_();
  {
    const MutexLock lock(mutex_);
    stats_.mismatches += outcome.refusal.reason == Reason::kMismatch ? 1U : 0U;
    refuse(*entry->record, outcome, now);
  }
  report_outcome(outcome, *entry->record, false);
  return outcome.refusal.reason == Reason::kCaptureFailed ? Reason::kReplayFailed
                                                          : outcome.refusal.reason;
}

Lease GraphCacheState::capture_and_lease(const std::shared_ptr<EngineState>& engine,
                                         const Decision& decision, const LiveInputs& inputs) {
  Outcome outcome = capture(engine, decision.record, inputs, decision.verify);
  const bool kept = publish(outcome, *decision.record, *decision.flight, true);
  report_outcome(outcome, *decision.record, kept);
  if (kept) {
    return lease_of(std::move(outcome.entry), Route::kCaptured);
  }
  outcome.entry.reset();
  return lease_eager(*engine, outcome.refusal.reason, decision.record);
}

}  // namespace replayrt::detail
