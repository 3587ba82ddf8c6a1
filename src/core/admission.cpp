#include "core/admission.hpp"

#include <algorithm>
#include <cmath>

namespace replayrt::detail {
namespace {

/// So many replays are remembered at full weight: then all halve.
constexpr std::uint64_t kRememberedReplays = 512;

void add_worth(KeyUsage& key, const CacheUsage& cache, double seconds) noexcept {
  key.worth = decayed_worth(key, cache.calls) + seconds;
  key.worth_calls = cache.calls;
}

}  // namespace

double decayed_worth(const KeyUsage& key, std::uint64_t calls) noexcept {
  return key.worth * std::exp2(-static_cast<double>(calls - key.worth_calls) / kWorthHalfLife);
}

double replay_ratio(const EngineUsage& engine) noexcept {
  if (engine.compared_replays < kBelievedReplays || engine.eager_equivalent <= 0) {
    return kAssumedReplayRatio;
  }
  return engine.replay_seconds / engine.eager_equivalent;
}

bool gave_up(const EngineUsage& engine) noexcept {
  return engine.compared_replays >= kBelievedReplays && replay_ratio(engine) > kFasterRatio;
}

double expected_price(const EngineUsage& engine, double backend_estimate) noexcept {
  return engine.captures == 0 ? backend_estimate
                              : engine.capture_seconds / static_cast<double>(engine.captures);
}

Reason pays_back(const KeyUsage& key, const EngineUsage& engine, const CacheUsage& cache,
                 double price, double victim_worth) noexcept {
  if (gave_up(engine)) {
    return Reason::kNotFaster;
  }
  // Ski rental: buy when the rent paid so far would have bought it.
  const double rent = key.rent * (1 - replay_ratio(engine));
  const double allowed = kCaptureAllowance * cache.eager_equivalent + cache.saved;
  const bool earned = rent >= price && cache.capture_seconds + price <= allowed;
  const bool worth_it =
      victim_worth <= 0 || decayed_worth(key, cache.calls) > kWorthMargin * victim_worth;
  return earned && worth_it ? Reason::kNone : Reason::kNotYet;
}

void note_eager(KeyUsage& key, EngineUsage& engine, CacheUsage& cache, double seconds) noexcept {
  if (key.eager_runs++ == 0) {
    key.first_eager = seconds;
  }
  key.eager_seconds += seconds;
  key.rent += seconds;
  cache.eager_equivalent += seconds;
  add_worth(key, cache, seconds * std::max(1 - replay_ratio(engine), 0.0));
}

void note_replay(KeyUsage& key, EngineUsage& engine, CacheUsage& cache, double seconds) noexcept {
  ++key.replays;
  key.replay_seconds += seconds;
  if (key.eager_runs == 0) {
    cache.eager_equivalent += seconds;  // Nothing is known to have been saved.
    return;
  }
  const double eager = key.mean_eager();
  cache.eager_equivalent += eager;
  cache.saved += eager - seconds;
  key.saved += eager - seconds;
  engine.saved += eager - seconds;
  add_worth(key, cache, std::max(eager - seconds, 0.0));
  ++engine.compared_replays;
  engine.replay_seconds += seconds;
  engine.eager_equivalent += eager;
  if (engine.compared_replays == kRememberedReplays) {
    engine.compared_replays /= 2;
    engine.replay_seconds /= 2;
    engine.eager_equivalent /= 2;
  }
}

void note_capture(KeyUsage& key, EngineUsage& engine, CacheUsage& cache, double seconds) noexcept {
  key.rent = 0;
  ++engine.captures;
  engine.capture_seconds += seconds;
  cache.capture_seconds += seconds;
}

}  // namespace replayrt::detail
