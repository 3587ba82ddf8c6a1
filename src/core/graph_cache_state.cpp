#include "core/graph_cache_state.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/completion_guard.hpp"

namespace replayrt::detail {
namespace {

void require_not_negative(std::int64_t value, const char* option) {
  if (value < 0) {
    throw Error(ErrorCode::kInvalidParameter,
                std::string(option) + " is " + std::to_string(value) + ": expected a number >= 0");
  }
}

}  // namespace

GraphCacheState::GraphCacheState(const GraphCacheOptions& options) : options_(options) {
  require_not_negative(options.capacity, "capacity");
  require_not_negative(options.max_bytes, "max_bytes");
  stats_.capacity = options.capacity;
  stats_.max_bytes = options.max_bytes;
  capture_times_.reserve(kKeptCaptureTimes);  // So that filing a capture cannot fail for it.
}

GraphCacheState::~GraphCacheState() {
  destroy(std::move(draining_), true);
}

void GraphCacheState::end_lease(EntryPtr entry, const Completion& completion, End end,
                                Route route) noexcept {
  const bool pending = !is_over(completion);
  EntryChain out;
  bool anything_draining = false;
  {
    const std::lock_guard lock(mutex_);
    entry->leased = false;
    if (pending) {
      entry->pending = completion;
      entry->has_pending = true;
    }
    if (end != End::kKeep) {
      recount_as_eager(route);
    }
    if (entry->held) {
      entry->place->pinned = false;
      if (end == End::kDiscard) {
        take_out(entry->place, stats_.removals, out);
      }
    } else if (entry->has_pending) {
      draining_.push(std::move(entry));
    }
    anything_draining = !draining_.empty();
  }
  if (anything_draining) {
    reap();
  }
}

void GraphCacheState::recount_as_eager(Route route) noexcept {
  --(route == Route::kCaptured ? stats_.captured : stats_.replayed);
  ++stats_.eager;
}

void GraphCacheState::take_out(Index::Handle node, std::uint64_t& counter,
                               EntryChain& out) noexcept {
  EntryPtr entry = index_.take(node);
  entry->held = false;
  ++counter;
  if (entry->leased) {
    return;  // Its lease owns it from here on.
  }
  (entry->has_pending ? draining_ : out).push(std::move(entry));
}

void GraphCacheState::destroy(EntryChain out, bool wait) noexcept {
  while (const EntryPtr entry = out.pop()) {
    if (wait) {
      wait_until_over(entry->pending);
    }
  }
}

void GraphCacheState::reap() noexcept {
  EntryChain candidates;
  {
    const std::lock_guard lock(mutex_);
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
  const std::lock_guard lock(mutex_);
  while (EntryPtr entry = unfinished.pop()) {
    draining_.push(std::move(entry));
  }
}

std::int64_t GraphCacheState::size() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::int64_t>(index_.size());
}

std::vector<GraphKey> GraphCacheState::list_keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<GraphKey> keys;
  keys.reserve(index_.size());
  for (const Index::Node& node : index_) {
    keys.push_back(*node.key);
  }
  return keys;
}

bool GraphCacheState::contains(const GraphKey& key) const {
  const std::lock_guard lock(mutex_);
  return index_.find(key) != nullptr;
}

void GraphCacheState::safe_remove(const GraphKey& key) {
  EntryChain out;
  {
    const std::lock_guard lock(mutex_);
    if (const Index::Node* node = index_.find(key)) {
      take_out(node->value->place, stats_.removals, out);
    }
    if (refusals_.find(key) != nullptr) {
      refusals_.take(refusals_.handle_of(key));
    }
  }
  reap();
}

void GraphCacheState::purge(std::optional<std::int64_t> n_oldest) {
  require_not_negative(n_oldest.value_or(0), "n_oldest");
  EntryChain out;
  LruIndex<GraphKey, Refusal> refusals;
  {
    const std::lock_guard lock(mutex_);
    auto left = n_oldest.value_or(GraphCacheOptions::kUnbounded);
    for (; left > 0 && index_.size() > 0; --left) {
      take_out(index_.begin(), stats_.evictions, out);
    }
    if (!n_oldest.has_value()) {
      std::swap(refusals, refusals_);
    }
  }
  reap();
}

void GraphCacheState::remove_engine(EngineId engine) noexcept {
  EntryChain out;
  {
    const std::lock_guard lock(mutex_);
    for (auto node = index_.begin(); node != index_.end();) {
      const auto here = node++;
      if (here->key->engine() == engine) {
        take_out(here, stats_.removals, out);
      }
    }
    for (auto node = refusals_.begin(); node != refusals_.end();) {
      const auto here = node++;
      if (here->key->engine() == engine) {
        refusals_.take(here);
      }
    }
  }
  reap();
}

std::optional<Refusal> GraphCacheState::refusal(const GraphKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto* refused = refusals_.find(key);
  return refused == nullptr ? std::nullopt : std::optional(refused->value);
}

GraphCacheStats GraphCacheState::stats() const {
  GraphCacheStats stats;
  std::vector<std::chrono::nanoseconds> times;
  {
    const std::lock_guard lock(mutex_);
    stats = stats_;
    stats.size = static_cast<std::int64_t>(index_.size());
    stats.bytes = index_.charge();
    times = capture_times_;
  }
  if (!times.empty()) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, middle);
    stats.capture_time_median = *middle;
  }
  return stats;
}

void GraphCacheState::wait_idle() {
  std::vector<Completion> pending;
  {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [&] { return flights_.empty(); });
    for (const Index::Node& node : index_) {
      if (!node.value->leased && node.value->has_pending) {
        pending.push_back(node.value->pending);
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
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    while (index_.size() > 0) {
      take_out(index_.begin(), stats_.removals, out);
    }
    while (EntryPtr entry = draining_.pop()) {
      out.push(std::move(entry));
    }
  }
  destroy(std::move(out), true);
}

}  // namespace replayrt::detail
