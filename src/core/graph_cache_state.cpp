#include "core/graph_cache_state.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/completion_guard.hpp"

namespace replayrt::detail {
namespace {

void require_at_least(std::int64_t value, std::int64_t least, const char* option) {
  if (value < least) {
    throw Error(ErrorCode::kInvalidParameter,
                std::string(option) + " is " + std::to_string(value) +
                    ": expected a number >= " + std::to_string(least));
  }
}

const GraphCacheOptions& checked(const GraphCacheOptions& options) {
  require_at_least(options.capacity, 0, "capacity");
  require_at_least(options.max_bytes, 0, "max_bytes");
  require_at_least(options.max_wait.count(), 0, "max_wait");
  require_at_least(options.max_queued_captures, 1, "max_queued_captures");
  require_at_least(options.max_instances_per_key, 1, "max_instances_per_key");
  require_at_least(options.retry_interval.count(), 0, "retry_interval");
  require_at_least(options.max_captures_per_second, 0, "max_captures_per_second");
  if (options.admission.has_value()) {
    require_at_least(options.admission->sightings_needed, 1, "admission sightings");
  }
  if (!(options.verify.probability >= 0 && options.verify.probability <= 1)) {
    throw Error(ErrorCode::kInvalidParameter, "verify probability is " +
                                                  std::to_string(options.verify.probability) +
                                                  ": expected 0 to 1");
  }
  return options;
}

std::chrono::nanoseconds nanoseconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

std::chrono::nanoseconds median(std::vector<std::chrono::nanoseconds> times) {
  if (times.empty()) {
    return {};
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

}  // namespace

GraphCacheState::GraphCacheState(const GraphCacheOptions& options)
    : options_(checked(options)),
      clock_(options.clock ? options.clock : Clock(std::chrono::steady_clock::now)) {
  stats_.capacity = options.capacity;
  stats_.max_bytes = options.max_bytes;
  capture_times_.reserve(kKeptCaptureTimes);  // So that filing a capture cannot fail for it.
  capture_begins_.resize(static_cast<std::size_t>(options.max_captures_per_second));
}

GraphCacheState::~GraphCacheState() {
  while (const EntryPtr entry = draining_.pop()) {
    wait_until_over(entry->pending);
  }
}

void GraphCacheState::end_lease(EntryPtr entry, const Completion& completion, End end, Route route,
                                RunTime run_time) noexcept {
  // Asking a device takes longer than a hit; who keeps the order itself need not know.
  const bool pending =
      !completion.born_done() && (entry->graph->runs_in_order() || !is_over(completion));
  EntryChain out;
  bool anything_draining = false;
  {
    const MutexLock lock(mutex_);
    entry->leased = false;
    if (pending) {
      entry->pending = completion;
      entry->has_pending = true;
    }
    KeyRecord& record = *entry->record;
    book_open(route, record, -1);
    active_ -= end == End::kKeep || end == End::kDiscard ? 1 : 0;
    if (end != End::kKeep) {
      recount_as_eager(route, *record.engine, record);
    } else if (run_time.has_value() && !pending) {
      note_replay(record.usage, record.engine->usage, usage_, seconds(*run_time));
    }
    if (entry->slot != nullptr) {
      SlotIndex::Node& node = *entry->slot->place;
      node.pinned =
          std::ranges::any_of(entry->slot->instances, &CacheEntry::leased, &EntryPtr::operator*);
      if (end == End::kDiscard || end == End::kRefused) {
        ++stats_.removals;
        take_out(*entry, out);
      }
    } else {
      release(std::move(entry), out);
    }
    anything_draining = !draining_.empty();
  }
  if (anything_draining) {
    reap();
  }
}

void GraphCacheState::end_eager(KeyRecord& record, RunTime run_time) noexcept {
  const MutexLock lock(mutex_);
  --active_;
  if (run_time.has_value()) {
    note_eager(record.usage, record.engine->usage, usage_, seconds(*run_time));
  }
}

void GraphCacheState::recount_as_eager(Route route, EngineRecord& engine, KeyRecord& key) noexcept {
  if (route == Route::kCaptured) {
    --stats_.captured;
    --engine.stats.captured;
  } else {
    --stats_.replayed;
    --engine.stats.replayed;
    --key.stats.replayed;
  }
  ++stats_.eager;
  ++engine.stats.eager;
  ++key.stats.eager;
}

void GraphCacheState::book_open(Route route, KeyRecord& record, int change) noexcept {
  if (route == Route::kEager) {
    return;  // That is known from the start.
  }
  for (OpenCalls* open : {&open_, &record.engine->open, &record.open}) {
    (route == Route::kCaptured ? open->captured : open->replayed) +=
        static_cast<std::uint64_t>(change);
  }
}

void GraphCacheState::release(EntryPtr entry, EntryChain& out) noexcept {
  (entry->has_pending ? draining_ : out).push(std::move(entry));
}

std::uint64_t GraphCacheState::take_out(SlotIndex::Handle node, EntryChain& out) noexcept {
  const std::unique_ptr<CacheSlot> slot = index_.take(node);
  KeyRecord& record = *slot->instances.front()->record;
  record.engine->stats.bytes -= record.stats.bytes;
  record.set_held(false);
  if (record.remembered) {
    keys_.touch(record.place);  // Hits do not, as it could not be forgotten meanwhile.
  }
  record.stats.bytes = 0;
  record.stats.instances = 0;
  record.usage = {};
  for (EntryPtr& entry : slot->instances) {
    entry->slot = nullptr;
    if (!entry->leased) {  // Otherwise its lease owns it from here on.
      release(std::move(entry), out);
    }
  }
  return slot->instances.size();
}

void GraphCacheState::take_out(CacheEntry& entry, EntryChain& out) noexcept {
  CacheSlot& slot = *entry.slot;
  if (slot.instances.size() == 1) {
    take_out(slot.place, out);
    return;
  }
  index_.recharge(slot.place, slot.place->charge - entry.bytes);
  KeyRecord& record = *entry.record;
  record.stats.bytes -= entry.bytes;
  --record.stats.instances;
  record.engine->stats.bytes -= entry.bytes;
  const auto place = std::ranges::find(slot.instances, &entry, &EntryPtr::get);
  EntryPtr taken = std::move(*place);
  slot.instances.erase(place);
  taken->slot = nullptr;
  if (!taken->leased) {
    release(std::move(taken), out);
  }
}

void GraphCacheState::reap() noexcept {
  EntryChain candidates;
  {
    const MutexLock lock(mutex_);
    while (EntryPtr entry = draining_.pop()) {
      candidates.push(std::move(entry));
    }
  }
  EntryChain unfinished;
  while (EntryPtr entry = candidates.pop()) {
    if (!is_over(entry->pending)) {
      unfinished.push(std::move(entry));
    }
  }
  const MutexLock lock(mutex_);
  while (EntryPtr entry = unfinished.pop()) {
    draining_.push(std::move(entry));
  }
}

std::int64_t GraphCacheState::size() const {
  const MutexLock lock(mutex_);
  return static_cast<std::int64_t>(index_.size());
}

std::vector<GraphKey> GraphCacheState::list_keys() const {
  const MutexLock lock(mutex_);
  std::vector<GraphKey> keys;
  keys.reserve(index_.size());
  for (const SlotIndex::Node& node : index_) {
    keys.push_back(*node.key);
  }
  return keys;
}

bool GraphCacheState::contains(const GraphKey& key) const {
  const MutexLock lock(mutex_);
  return index_.find(key) != nullptr;
}

void GraphCacheState::safe_remove(const GraphKey& key) {
  EntryChain out;
  {
    const MutexLock lock(mutex_);
    if (const SlotIndex::Node* node = index_.find(key)) {
      stats_.removals += take_out(node->value->place, out);
    }
    if (const auto* known = keys_.find(key)) {
      known->value->stats.refusal.reset();
    }
  }
  reap();
}

void GraphCacheState::purge(std::optional<std::int64_t> n_oldest) {
  require_at_least(n_oldest.value_or(0), 0, "n_oldest");
  EntryChain out;
  {
    const MutexLock lock(mutex_);
    for (auto left = n_oldest.value_or(GraphCacheOptions::kUnbounded);
         left > 0 && index_.size() > 0; --left) {
      stats_.evictions += take_out(index_.begin(), out);
    }
    if (!n_oldest.has_value()) {
      for (const auto& node : keys_) {
        node.value->stats.refusal.reset();
      }
    }
  }
  reap();
}

void GraphCacheState::remove_engine(EngineId engine) noexcept {
  EntryChain out;
  std::list<Job> jobs;
  {
    const MutexLock lock(mutex_);
    drop_jobs(engine, jobs);
    for (auto node = index_.begin(); node != index_.end();) {
      const auto here = node++;
      if (here->key->engine() == engine) {
        stats_.removals += take_out(here, out);
      }
    }
    for (auto node = keys_.begin(); node != keys_.end();) {
      const auto here = node++;
      if (here->key->engine() == engine) {
        keys_.take(here)->remembered = false;
      }
    }
    engines_.erase(engine);
  }
  if (!jobs.empty()) {
    jobs.clear();
    changed_.notify_all();  // Whoever waits for the queue to be empty.
  }
  reap();
}

std::optional<Refusal> GraphCacheState::refusal(const GraphKey& key) const {
  const MutexLock lock(mutex_);
  const auto* known = keys_.find(key);
  return known == nullptr ? std::nullopt : known->value->stats.refusal;
}

void GraphCacheState::note_padding(KeyRecord& record, std::int64_t elements) noexcept {
  const MutexLock lock(mutex_);
  stats_.padding_elements += static_cast<std::uint64_t>(elements);
  record.engine->stats.padding_elements += static_cast<std::uint64_t>(elements);
}

void GraphCacheState::fill_totals(GraphCacheStats& stats) const {
  stats = stats_;
  stats.calls = stats_.eager + stats_.captured + stats_.replayed;
  stats.size = static_cast<std::int64_t>(index_.size());
  stats.bytes = index_.charge();
  stats.queued_captures = static_cast<std::int64_t>(queue_.size() + prewarms_.size());
  stats.time_saved = nanoseconds(usage_.saved);
  for (const auto& [id, engine] : engines_) {
    stats.shared_bytes += engine->stats.shared_bytes;
  }
}

GraphCacheStats GraphCacheState::stats() const {
  GraphCacheStats stats;
  std::vector<std::chrono::nanoseconds> capture_times;
  {
    const MutexLock lock(mutex_);
    fill_totals(stats);
    capture_times = capture_times_;
  }
  stats.capture_time_median = median(std::move(capture_times));
  return stats;
}

GraphCacheReport GraphCacheState::report() const {
  return report(false);
}

GraphCacheReport GraphCacheState::settled_report() const {
  return report(true);
}

GraphCacheReport GraphCacheState::report(bool settled) const {
  GraphCacheReport report;
  std::vector<std::chrono::nanoseconds> capture_times;
  fill_report(report, capture_times, settled);
  report.totals.capture_time_median = median(std::move(capture_times));
  return report;
}

void GraphCacheState::fill_report(GraphCacheReport& report,
                                  std::vector<std::chrono::nanoseconds>& capture_times,
                                  bool settled) const {
  const MutexLock lock(mutex_);
  // By route, of the totals, an engine or a key; the number of calls loses as many.
  const auto settle = [settled](auto& stats, const OpenCalls& open) {
    if (settled) {
      if constexpr (requires { stats.captured; }) {
        stats.captured -= open.captured;
      }
      stats.replayed -= open.replayed;
      stats.calls -= open.captured + open.replayed;
    }
  };
  fill_totals(report.totals);
  settle(report.totals, open_);
  capture_times = capture_times_;
  for (const auto& [id, engine] : engines_) {
    EngineStats& stats = report.engines.emplace_back(engine->stats);
    stats.calls = stats.eager + stats.captured + stats.replayed;
    settle(stats, engine->open);
    stats.time_saved = nanoseconds(engine->usage.saved);
  }
  const auto add = [&](const KeyRecord& record) {
    KeyStats& key = report.keys.emplace_back(record.stats);
    settle(key, record.open);
    key.mean_eager_time = nanoseconds(record.usage.mean_eager);
    key.mean_replay_time = nanoseconds(record.usage.mean_replay);
    key.time_saved = nanoseconds(record.usage.saved);
  };
  for (const auto& node : keys_) {
    if (!node.value->stats.held) {
      add(*node.value);
    }
  }
  for (const SlotIndex::Node& node : index_) {
    add(*node.value->instances.front()->record);
  }
}

}  // namespace replayrt::detail
