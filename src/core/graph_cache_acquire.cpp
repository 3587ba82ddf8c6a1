// How a call is served: decide under the lock, then replay, capture or go eager outside it.

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "core/completion_guard.hpp"
#include "core/graph_cache_state.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::detail {
namespace {

constexpr std::size_t kKeptRefusals = 4096;

}  // namespace

Lease GraphCacheState::acquire(const std::shared_ptr<EngineState>& engine, const GraphKey& key) {
  if (key.engine() != engine->id()) {
    throw Error(
        ErrorCode::kInvalidParameter,
        "key '" + key.to_string() + "' was given with engine " + std::to_string(engine->id()));
  }
  Decision decision = decide(*engine, key);
  if (decision.flight != nullptr) {
    return capture_and_lease(engine, key, *decision.flight);
  }
  if (decision.check_pending) {
    // Asked outside the lock: it calls into the backend.
    if (is_over(decision.entry->pending)) {
      decision.entry->pending = Completion{};
      decision.entry->has_pending = false;
    } else {
      end_lease(std::move(decision.entry), Completion{}, End::kUnused, Route::kReplayed);
      decision.reason = Reason::kBusy;
    }
  }
  if (decision.entry != nullptr) {
    return lease_of(std::move(decision.entry), Route::kReplayed);
  }
  return engine->lease_eager(decision.reason);
}

GraphCacheState::Decision GraphCacheState::decide(const EngineState& engine, const GraphKey& key) {
  std::unique_lock lock(mutex_);
  const auto eagerly = [&](Reason reason) {
    ++stats_.calls;
    ++stats_.eager;
    return Decision{.reason = reason};
  };
  if (options_.capacity == 0) {
    ++stats_.misses;
    return eagerly(Reason::kCapacityZero);
  }
  while (true) {
    if (Index::Node* node = index_.find(key)) {
      CacheEntry& entry = *node->value;
      index_.touch(entry.place);
      ++stats_.hits;
      if (entry.leased) {
        return eagerly(Reason::kBusy);
      }
      entry.leased = true;
      node->pinned = true;
      ++stats_.calls;
      ++stats_.replayed;
      return {.entry = node->value, .check_pending = entry.has_pending};
    }
    if (const auto* refused = refusals_.find(key)) {
      ++stats_.misses;
      return eagerly(refused->value.reason);
    }
    if (engine.retired() || closed_) {
      ++stats_.misses;
      return eagerly(Reason::kEngineRetired);
    }
    const auto found = flights_.find(key);
    if (found == flights_.end()) {
      auto flight = std::make_shared<Flight>();
      flights_.emplace(key, flight);
      ++stats_.misses;
      ++stats_.calls;
      ++stats_.captured;  // Recounted if the capture fails.
      return {.flight = std::move(flight)};
    }
    const std::shared_ptr<Flight> flight = found->second;
    finished_.wait(lock, [&] { return flight->done; });
  }
}

Lease GraphCacheState::lease_of(EntryPtr entry, Route route) noexcept {
  Lease lease;
  lease.cache_ = shared_from_this();
  lease.executor_ = entry->graph.get();
  lease.entry_ = std::move(entry);
  lease.route_ = route;
  return lease;
}

Lease GraphCacheState::capture_and_lease(const std::shared_ptr<EngineState>& engine,
                                         const GraphKey& key, Flight& flight) {
  Refusal refusal;
  EntryPtr entry;
  const auto start = std::chrono::steady_clock::now();
  if (auto graph = try_capture(*engine, key, refusal)) {
    try {
      entry = std::make_shared<CacheEntry>(
          CacheEntry{.key = key, .engine = engine, .graph = std::move(graph)});
    } catch (const std::bad_alloc&) {
      refusal = {Reason::kCaptureFailed, {}};
    }
  }
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
  const bool kept = publish(entry, key, flight, took, refusal);
  if (kept) {
    if (log_enabled(LogLevel::kDebug)) {
      log(LogLevel::kDebug,
          "captured " + key.to_string() + " in " +
              std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count()) +
              " us, " + std::to_string(entry->graph->bytes()) + " bytes");
    }
    return lease_of(std::move(entry), Route::kCaptured);
  }
  entry.reset();
  log(refusal.reason == Reason::kEngineRetired ? LogLevel::kDebug : LogLevel::kWarning,
      key.to_string() + " is served eagerly (" + std::string(to_string(refusal.reason)) +
          "): " + refusal.message);
  return engine->lease_eager(refusal.reason);
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
    refusal.reason = refused.reason();
    refusal.message = refused.what();
  } catch (const std::exception& error) {
    refusal.message = error.what();
  } catch (...) {
    refusal.message = "the backend threw something that is no std::exception";
  }
  return nullptr;
}

bool GraphCacheState::publish(const EntryPtr& entry, const GraphKey& key, Flight& flight,
                              std::chrono::nanoseconds took, Refusal& refusal) noexcept {
  EntryChain victims;
  bool kept = false;
  {
    const std::lock_guard lock(mutex_);
    try {
      if (entry != nullptr) {
        if (capture_times_.size() == kKeptCaptureTimes) {
          capture_times_[stats_.captures % kKeptCaptureTimes] = took;
        } else {
          capture_times_.push_back(took);
        }
        ++stats_.captures;
        stats_.capture_time_total += took;
        refusal = why_not_kept(*entry);
        if (refusal.reason == Reason::kNone) {
          entry->place =
              index_.insert(key, entry, static_cast<std::int64_t>(entry->graph->bytes()));
          entry->place->pinned = true;
          entry->held = true;
          entry->leased = true;
          kept = true;
        }
      }
      if (!kept && refusal.reason != Reason::kEngineRetired) {
        remember(key, refusal);
      }
    } catch (const std::bad_alloc&) {  // Served eagerly, not remembered: the next call tries again.
      refusal.reason = Reason::kCaptureFailed;
    }
    if (kept) {
      while (static_cast<std::int64_t>(index_.size()) > options_.capacity ||
             index_.charge() > options_.max_bytes) {
        take_out(index_.victim(entry->place), stats_.evictions, victims);
      }
      stats_.peak_bytes = std::max(stats_.peak_bytes, index_.charge());
    } else {
      ++stats_.capture_failures;
      recount_as_eager(Route::kCaptured);
    }
    flight.done = true;
    flights_.erase(key);
  }
  finished_.notify_all();
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

void GraphCacheState::remember(const GraphKey& key, const Refusal& refusal) {
  refusals_.insert(key, refusal, 0);
  if (refusals_.size() > kKeptRefusals) {
    refusals_.take(refusals_.begin());
  }
}

}  // namespace replayrt::detail
