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

/// Null if all are leased.
const EntryPtr* free_instance(const CacheSlot& slot) noexcept {
  const auto found =
      std::ranges::find_if(slot.instances, [](const EntryPtr& entry) { return !entry->leased; });
  return found == slot.instances.end() ? nullptr : &*found;
}

}  // namespace

Lease GraphCacheState::acquire(const std::shared_ptr<EngineState>& engine, const GraphKey& key,
                               const LiveInputs& inputs, std::optional<Answer>& answer) {
  if (key.engine() != engine->id()) {
    throw Error(
        ErrorCode::kInvalidParameter,
        "key '" + key.to_string() + "' was given with engine " + std::to_string(engine->id()));
  }
  Look look = decide_hit(*engine, key);
  Decision decision;
  try {
    if (!look.hit.has_value()) {
      if (!look.engine_is_known) {
        engine->add_cache(shared_from_this());  // What is kept of an engine ends with it.
      }
      look.hit = decide_miss({*engine, key, clock_(), estimate(*engine, key)});
    }
    decision = std::move(*look.hit);
  } catch (const std::bad_alloc&) {  // Nothing could be remembered: as if the cache were not asked.
    return engine->lease_eager(Reason::kOutOfMemory);
  }
  if (inputs.padding_elements > 0) {
    note_padding(decision.entry != nullptr ? *decision.entry->record : *decision.record,
                 inputs.padding_elements);
  }
  if (decision.flight != nullptr) {
    return capture_and_lease(engine, decision, inputs, answer);
  }
  if (decision.entry != nullptr) {
    decision.reason = make_ready(*engine, decision.entry, inputs, answer);
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

CaptureEstimate GraphCacheState::estimate(const EngineState& engine, const GraphKey& key) const {
  return admission_of(engine).kind == Admission::Kind::kPaysBack
             ? engine.backend().estimate(key.inputs())
             : CaptureEstimate{};
}

GraphCacheState::Look GraphCacheState::decide_hit(const EngineState& engine, const GraphKey& key) {
  const MutexLock lock(mutex_);
  SlotIndex::Node* node = index_.find(key);
  if (node == nullptr) {
    return {.engine_is_known = engines_.contains(key.engine())};
  }
  const CacheSlot& slot = *node->value;
  const EntryPtr* entry = free_instance(slot);
  if (entry == nullptr && may_add_instance(slot)) {
    return {};  // Perhaps one more: decide_miss knows.
  }
  index_.touch(slot.place);
  ++stats_.hits;
  KeyRecord& record = *slot.instances.front()->record;
  ++record.usage.sightings;
  const auto shared_record = [&] { return slot.instances.front()->record; };
  if (entry == nullptr) {
    return {.hit = eagerly(Reason::kBusy, shared_record())};
  }
  if (admission_of(engine).kind == Admission::Kind::kPaysBack &&
      remeasure_now(record.usage, record.engine->usage)) {
    return {.hit = eagerly(Reason::kRemeasure, shared_record())};
  }
  return {.hit = replay(*node, *entry)};
}

GraphCacheState::Decision GraphCacheState::replay(SlotIndex::Node& node, const EntryPtr& entry) {
  entry->leased = true;
  node.pinned = true;
  count(*entry->record, Route::kReplayed);
  return {.entry = entry};
}

bool GraphCacheState::may_add_instance(const CacheSlot& slot) const noexcept {
  return static_cast<std::int64_t>(slot.instances.size()) < options_.max_instances_per_key;
}

GraphCacheState::Decision GraphCacheState::decide_miss(const Miss& miss) {
  // Whoever waits, waits by the real clock.
  const auto deadline = options_.max_wait >= std::chrono::hours(24 * 365)
                            ? TimePoint::max()
                            : std::chrono::steady_clock::now() + options_.max_wait;
  const MutexLock lock(mutex_);
  std::shared_ptr<KeyRecord> record = record_of(miss.engine, miss.key);
  ++record->usage.sightings;
  for (bool waited = false;; waited = true) {
    // Another thread may have filed the graph since decide_hit looked, or while this one waited.
    SlotIndex::Node* node = index_.find(miss.key);
    if (node != nullptr) {
      index_.touch(node->value->place);
      if (const EntryPtr* entry = free_instance(*node->value)) {
        ++stats_.hits;
        return replay(*node, *entry);
      }
    }
    const auto flight = flights_.find(miss.key);
    const bool may_wait = options_.capture == CaptureMode::kInline && node == nullptr &&
                          why_no_graphs(miss.engine) == Reason::kNone;
    const bool overdue = waited && std::chrono::steady_clock::now() >= deadline;
    if (flight == flights_.end() || flight->second->in_background || !may_wait || overdue) {
      return decide_capture(miss, std::move(record), node);
    }
    const std::shared_ptr<Flight> awaited = flight->second;  // Who ends it takes it out.
    wait_for(*awaited, deadline);
  }
}

Reason GraphCacheState::why_no_graphs(const EngineState& engine) const {
  if (options_.capacity == 0) {
    return Reason::kCapacityZero;
  }
  return engine.retired() || closed_ ? Reason::kEngineRetired : Reason::kNone;
}

void GraphCacheState::wait_for(const Flight& flight, TimePoint deadline) {
  while (!flight.done) {
    if (deadline == TimePoint::max()) {
      changed_.wait(mutex_);
    } else if (!changed_.wait_until(mutex_, deadline)) {
      return;
    }
  }
}

GraphCacheState::Decision GraphCacheState::decide_capture(const Miss& miss,
                                                          std::shared_ptr<KeyRecord> record,
                                                          const SlotIndex::Node* node) {
  const bool held = node != nullptr;  // All instances are leased.
  const bool is_inline = options_.capture == CaptureMode::kInline;
  const auto under_way = flights_.find(miss.key);
  const bool in_flight = under_way != flights_.end();
  std::shared_ptr<Flight> flight;  // Made first: nothing fails once the call is counted.
  if (is_inline && !in_flight) {
    flight = std::make_shared<Flight>();
  }
  ++(held ? stats_.hits : stats_.misses);
  if (held && !may_add_instance(*node->value)) {
    return eagerly(Reason::kBusy, std::move(record));
  }
  if (const Reason reason = why_no_graphs(miss.engine); reason != Reason::kNone) {
    return eagerly(reason, std::move(record));
  }
  Reason reason = Reason::kNone;
  if (in_flight && is_inline && !under_way->second->in_background) {
    reason = Reason::kCaptureWaited;
  } else if (in_flight || record->queued || (record->to_be_prewarmed && is_inline)) {
    // No second capture is to be allowed for it, and no call stalls for what the thread will do.
    reason = Reason::kCapturePending;
  } else {
    reason = why_not_capture(miss, *record);
    if (reason == Reason::kNotYet && record->to_be_prewarmed) {
      reason = Reason::kCapturePending;
    }
  }
  const bool enqueue = reason == Reason::kNone && !is_inline;
  if (enqueue) {
    reason = Reason::kCapturePending;
    record->set_queued(true);
  } else if (reason == Reason::kNone) {
    try {
      flights_.emplace(miss.key, flight);
    } catch (const std::bad_alloc&) {
      reason = Reason::kOutOfMemory;
    }
  }
  if (reason != Reason::kNone) {
    Decision decision = eagerly(held ? Reason::kBusy : reason, std::move(record));
    decision.enqueue = enqueue;
    return decision;
  }
  count(*record, Route::kCaptured);  // Recounted if the capture fails.
  return {.flight = std::move(flight), .record = std::move(record), .verify = draw_verification()};
}

void GraphCacheState::count(KeyRecord& record, Route route) {
  book_open(route, record, +1);
  ++usage_.calls;
  if (options_.eviction == Eviction::kCostAware) {
    note_call(record.demand, usage_.calls);
  }
  ++active_;
  ++record.stats.calls;
  GraphCacheStats& all = stats_;
  EngineStats& engine = record.engine->stats;
  all.input_elements += record.input_elements;
  engine.input_elements += record.input_elements;
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

Reason GraphCacheState::why_not_capture(const Miss& miss, KeyRecord& record) {
  if (record.stats.refusal.has_value()) {
    if (miss.now < record.retry_at) {
      return record.stats.refusal->reason;
    }
    record.stats.refusal.reset();
  }
  const Admission admission = admission_of(miss.engine);
  Reason reason = Reason::kNone;
  if (admission.kind == Admission::Kind::kSightings) {
    const auto needed = static_cast<std::uint64_t>(admission.sightings_needed);
    reason = record.usage.sightings >= needed ? Reason::kNone : Reason::kNotYet;
  } else if (admission.kind == Admission::Kind::kPaysBack) {
    const EngineUsage& usage = record.engine->usage;
    const double price = expected_price(usage, seconds(miss.estimate.time));
    reason = pays_back(record.usage, usage, usage_, price, 0);
    if (reason == Reason::kNone) {  // Only now: finding the victims looks at all that is held.
      reason =
          pays_back(record.usage, usage, usage_, price, worth_of_victims(miss, *record.engine));
    }
  }
  return reason == Reason::kNone && captures_exhausted(miss.now) ? Reason::kRateLimited : reason;
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

std::shared_ptr<KeyRecord> GraphCacheState::record_of(const EngineState& engine,
                                                      const GraphKey& key) {
  if (const SlotIndex::Node* held = index_.find(key)) {
    return held->value->instances.front()->record;  // Even one that was forgotten before.
  }
  if (const auto* known = keys_.find(key)) {
    keys_.touch(keys_.handle_of(key));
    return known->value;
  }
  auto of_engine = engines_.find(key.engine());
  if (of_engine == engines_.end()) {
    auto made = std::make_shared<EngineRecord>();  // First: a report reads all that are there.
    made->stats.engine = key.engine();
    made->stats.shared_bytes = static_cast<std::int64_t>(engine.shared_bytes());
    of_engine = engines_.emplace(key.engine(), std::move(made)).first;
  }
  auto record = std::make_shared<KeyRecord>(key, of_engine->second);
  record->place = keys_.insert(key, record, 0);
  record->remembered = true;
  if (keys_.size() > kRememberedKeys + queue_.size() + prewarms_.size()) {
    const auto oldest = keys_.victim(record->place);
    if (!oldest->value->queued && !oldest->value->to_be_prewarmed) {
      keys_.take(oldest)->remembered = false;
    }
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
                                   const LiveInputs& inputs,
                                   std::optional<Answer>& answer) noexcept {
  // Asked outside the lock: it calls into the backend.
  if (entry->has_pending && !entry->graph->runs_in_order()) {
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
  try_run(*entry->graph, inputs, outcome);
  if (outcome.refusal.reason == Reason::kNone) {
    check(engine, inputs, outcome);
  }
  if (outcome.refusal.reason == Reason::kNone) {
    entry->verified = true;
    answer = std::move(outcome.answer);
    return Reason::kNone;
  }
  const TimePoint now = clock_();
  {
    const MutexLock lock(mutex_);
    refuse(*entry->record, outcome, now);
  }
  report_outcome(outcome, *entry->record, false);
  return outcome.refusal.reason == Reason::kCaptureFailed ? Reason::kReplayFailed
                                                          : outcome.refusal.reason;
}

Lease GraphCacheState::capture_and_lease(const std::shared_ptr<EngineState>& engine,
                                         const Decision& decision, const LiveInputs& inputs,
                                         std::optional<Answer>& answer) {
  Outcome outcome = capture(engine, decision.record, inputs, decision.verify);
  const bool kept = publish(outcome, *decision.record, *decision.flight, true);
  report_outcome(outcome, *decision.record, kept);
  if (kept) {
    answer = std::move(outcome.answer);
    return lease_of(std::move(outcome.entry), Route::kCaptured);
  }
  outcome.answer.reset();
  outcome.entry.reset();
  return lease_eager(*engine, outcome.refusal.reason, decision.record);
}

}  // namespace replayrt::detail
