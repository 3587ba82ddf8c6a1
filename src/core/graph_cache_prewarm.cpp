#include <algorithm>
#include <functional>
#include <new>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/graph_cache_state.hpp"
#include "core/prewarm.hpp"
#include "core/signature.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::detail {
namespace {

/// In seconds; a little less than nanoseconds can count.
constexpr double kMostWorth = 9e9;

/// A held key, as it is found under the lock.
struct HeldKey {
  std::shared_ptr<EngineState> engine;
  GraphKey key;
  std::uint64_t calls;
  double worth;
};

/// In their order where they are worth the same; one for all engines of one content.
std::vector<SavedKey> saved_keys_of(const std::vector<HeldKey>& held) {
  std::unordered_map<const EngineState*, std::string> hash_of;
  std::unordered_map<std::string, EngineId> content_id;
  std::unordered_map<GraphKey, std::size_t> place_of;
  std::vector<SavedKey> keys;
  for (const HeldKey& one : held) {
    const auto [found, is_new] = hash_of.try_emplace(one.engine.get());
    if (is_new) {
      found->second = one.engine->content_hash();
    }
    const std::string& hash = found->second;
    if (hash.empty()) {
      continue;
    }
    const EngineId content = content_id.try_emplace(hash, content_id.size()).first->second;
    const auto [place, is_first] =
        place_of.try_emplace(GraphKey(content, one.key.device(), one.key.inputs()), keys.size());
    if (is_first) {
      keys.push_back({hash, one.key.device(), one.key.inputs()});
    }
    SavedKey& key = keys[place->second];
    key.calls += one.calls;
    const double worth = seconds(key.worth) + std::max(one.worth, 0.0);
    key.worth = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(std::min(worth, kMostWorth)));
  }
  std::ranges::stable_sort(keys, std::ranges::greater(), &SavedKey::worth);
  return keys;
}

}  // namespace

void require_prewarmable(const EngineBackend& engine, const InputSignature& signature) {
  if (has_address(signature)) {
    throw Error(ErrorCode::kInvalidParameter,
                "'" + to_string(signature) + "' has an address: expected inputs that are copied");
  }
  const bool on_device = std::ranges::any_of(
      signature, [](const auto& input) { return input.memory != DeviceType::kCpu; });
  if (on_device && engine.device().type == DeviceType::kCpu) {
    throw Error(ErrorCode::kModelInput,
                "'" + to_string(signature) + "' is fed on a device: expected host memory");
  }
  validate_signature(engine, signature);
}

PrewarmReport GraphCacheState::prewarm(std::span<const Wish> wishes, PrewarmMode mode) {
  PrewarmReport report;
  for (const Wish& wish : wishes) {
    if (report.no_room > 0) {
      ++report.no_room;  // Full is full: what comes is colder.
      continue;
    }
    wish.engine->add_cache(shared_from_this());  // What is kept of an engine ends with it.
    const std::size_t bytes = wish.engine->backend().estimate(wish.key.inputs()).bytes;
    const Prewarming begun = begin_prewarm(wish, mode, {bytes, clock_()}, report);
    if (begun.flight != nullptr) {
      prewarm_now(wish, begun, report);
    }
  }
  return report;
}

GraphCacheState::Prewarming GraphCacheState::begin_prewarm(const Wish& wish, PrewarmMode mode,
                                                           const Expectation& expected,
                                                           PrewarmReport& report) {
  auto flight = std::make_shared<Flight>();
  flight->in_background = mode == PrewarmMode::kBackground;
  const MutexLock lock(mutex_);
  if (wish.engine->retired() || closed_) {
    ++report.refused;
    return {};
  }
  std::shared_ptr<KeyRecord> record = record_of(*wish.engine, wish.key);
  if (record->to_be_prewarmed || is_in_hand(*record)) {
    ++report.held;
    return {};
  }
  if (record->stats.refusal.has_value() && expected.now < record->retry_at) {
    ++report.refused;
    return {};
  }
  const auto keys = static_cast<std::int64_t>(prewarms_.size()) + 1;
  if (!has_room_for(footprint_of(*record->engine, expected.bytes), keys)) {
    ++report.no_room;
    return {};
  }
  record->stats.refusal.reset();
  if (wish.worth > decayed_worth(record->usage, usage_.calls)) {
    record->usage.worth = wish.worth;
    record->usage.worth_calls = usage_.calls;
  }
  if (mode == PrewarmMode::kInline) {
    flights_.emplace(wish.key, flight);
    return {std::move(flight), std::move(record), draw_verification()};
  }
  start_worker();
  prewarms_.push_back({wish.engine, record, {}, {}, std::move(flight), true});
  record->set_to_be_prewarmed(true);
  changed_.notify_all();  // Of each, as the next one may throw.
  ++report.accepted;
  return {};
}

void GraphCacheState::prewarm_now(const Wish& wish, const Prewarming& begun,
                                  PrewarmReport& report) noexcept {
  Outcome outcome = capture(wish.engine, begun.record, {{}, {}}, begun.verify);
  outcome.prewarms = true;
  const bool kept = publish(outcome, *begun.record, *begun.flight, false);
  report_outcome(outcome, *begun.record, kept);
  ++(kept ? report.accepted : outcome.no_room ? report.no_room : report.refused);
}

bool GraphCacheState::is_in_hand(const KeyRecord& record) const {
  const GraphKey& key = record.stats.key;
  return index_.find(key) != nullptr || flights_.contains(key) || record.queued;
}

bool GraphCacheState::has_room_for(std::int64_t bytes, std::int64_t keys) const {
  return static_cast<std::int64_t>(index_.size()) + keys <= options_.capacity &&
         bytes <= options_.max_bytes - index_.charge();
}

GraphCacheState::Job GraphCacheState::next_prewarm() noexcept {
  // The first of equals: what calls have asked for meanwhile has moved ahead.
  const std::uint64_t calls = usage_.calls;
  const auto hottest = std::ranges::max_element(prewarms_, {}, [calls](const Job& waiting) {
    return decayed_worth(waiting.record->usage, calls);
  });
  Job job = std::move(*hottest);
  prewarms_.erase(hottest);
  KeyRecord& record = *job.record;
  record.set_to_be_prewarmed(false);
  working_ = true;
  // A call may have captured it meanwhile, or found out that it cannot be.
  const bool wanted = !is_in_hand(record) && !record.stats.refusal.has_value() &&
                      has_room_for(footprint_of(*record.engine, 0), 1);
  try {
    if (wanted) {
      flights_.emplace(record.stats.key, job.flight);
    } else {
      job.flight = nullptr;
    }
  } catch (const std::bad_alloc&) {
    job.flight = nullptr;
  }
  return job;
}

void GraphCacheState::drop_prewarms(std::list<Job>& out) noexcept {
  for (const Job& job : prewarms_) {
    job.record->set_to_be_prewarmed(false);
  }
  out.splice(out.end(), prewarms_);
}

std::vector<SavedKey> GraphCacheState::export_keys() const {
  std::vector<HeldKey> held;
  {
    const MutexLock lock(mutex_);
    held.reserve(index_.size());
    for (const SlotIndex::Node& node : index_) {
      const CacheEntry& entry = *node.value->instances.front();
      if (!has_address(node.key->inputs())) {
        held.push_back({entry.engine, *node.key, entry.record->stats.calls,
                        decayed_worth(entry.record->usage, usage_.calls)});
      }
    }
  }
  std::ranges::reverse(held);  // The most recently used first.
  return saved_keys_of(held);
}

PrewarmReport import_keys(GraphCacheState& cache, std::span<const SavedKey> keys,
                          std::span<const Engine* const> engines, PrewarmMode mode) {
  std::vector<std::string> hashes;
  for (const Engine* engine : engines) {
    if (engine == nullptr) {
      throw Error(ErrorCode::kInvalidParameter, "an engine is null: expected engines only");
    }
    hashes.push_back(engine->content_hash());
  }
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](std::size_t i) { return keys[i].worth; });
  PrewarmReport left_out;
  std::vector<GraphCacheState::Wish> wishes;
  for (const std::size_t i : order) {
    const SavedKey& key = keys[i];
    bool known = false;
    for (std::size_t e = 0; e < engines.size(); ++e) {
      const Engine& engine = *engines[e];
      if (hashes[e].empty() || hashes[e] != key.engine_hash || engine.device() != key.device) {
        continue;
      }
      known = true;
      try {
        require_prewarmable(engine.state()->backend(), key.inputs);
        wishes.push_back({engine.state(), GraphKey(engine.id(), engine.device(), key.inputs),
                          seconds(key.worth)});
      } catch (const Error& error) {
        ++left_out.refused;
        log(LogLevel::kWarning,
            "the saved key '" + to_string(key.inputs) + "' is left out: " + error.what());
      }
    }
    left_out.unknown += known ? 0U : 1U;
  }
  PrewarmReport report = cache.prewarm(wishes, mode);
  report.refused += left_out.refused;
  report.unknown += left_out.unknown;
  return report;
}

}  // namespace replayrt::detail
