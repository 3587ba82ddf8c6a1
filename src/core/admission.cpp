#include "core/admission.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/eviction.hpp"

namespace replayrt::detail {
namespace {

/// So many pairs are remembered at full weight: then all halve.
constexpr std::uint64_t kRememberedPairs = 64;
/// Means follow so many of the last values.
constexpr std::uint64_t kMeanOver = 16;

/// 2^(-n / half-life) for n below the half-life: every replay decays a worth, under the lock.
const std::array<double, kWorthHalfLife>& decay_table() noexcept {
  static const auto kTable = [] {
    std::array<double, kWorthHalfLife> made{};
    for (std::size_t n = 0; n < made.size(); ++n) {
      made[n] = std::exp2(-static_cast<double>(n) / static_cast<double>(kWorthHalfLife));
    }
    return made;
  }();
  return kTable;
}

void follow(double& mean, std::uint64_t count, double value) noexcept {
  mean +=
      (value - mean) / static_cast<double>(std::min(std::max<std::uint64_t>(count, 1), kMeanOver));
}

void add_worth(KeyUsage& key, const CacheUsage& cache, double seconds) noexcept {
  key.worth = decayed_worth(key, cache.calls) + seconds;
  key.worth_calls = cache.calls;
}

}  // namespace

double decayed(double value, std::uint64_t calls) noexcept {
  const auto halvings = static_cast<int>(std::min<std::uint64_t>(calls / kWorthHalfLife, 2000));
  const double part = decay_table()[calls % kWorthHalfLife];
  return halvings == 0 ? value * part : std::ldexp(value * part, -halvings);
}

double decayed_worth(const KeyUsage& key, std::uint64_t calls) noexcept {
  return decayed(key.worth, calls - key.worth_calls);
}

double replay_ratio(const EngineUsage& engine) noexcept {
  if (engine.paired_eager <= 0) {
    return kAssumedReplayRatio;
  }
  const auto pairs = static_cast<double>(engine.pairs);
  const double measured = engine.paired_replay / engine.paired_eager;
  return (kAssumedPairs * kAssumedReplayRatio + pairs * measured) / (kAssumedPairs + pairs);
}

bool gave_up(const EngineUsage& engine) noexcept {
  return engine.pairs >= kConvincingPairs &&
         engine.paired_replay > kFasterRatio * engine.paired_eager;
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

bool remeasure_now(KeyUsage& key, const EngineUsage& engine) noexcept {
  constexpr std::uint64_t kFirst = 2;
  const std::uint64_t pause = engine.pairs < kConvincingPairs
                                  ? std::clamp(key.remeasured_at, kFirst, kRemeasureEvery)
                                  : kRemeasureEvery;
  if (key.replays < key.remeasured_at + pause) {
    return false;
  }
  key.remeasured_at = key.replays;
  return true;
}

void note_eager(KeyUsage& key, EngineUsage& engine, CacheUsage& cache, double seconds) noexcept {
  if (key.eager_runs == 1) {
    key.mean_eager = 0;  // The first run is left out once there is another.
  }
  follow(key.mean_eager, key.eager_runs, seconds);
  ++key.eager_runs;
  key.rent += seconds;
  cache.eager_equivalent += seconds;
  if (key.last_replay > 0) {
    ++engine.pairs;
    engine.paired_replay += key.last_replay;
    engine.paired_eager += seconds;
    if (engine.pairs == kRememberedPairs) {
      engine.pairs /= 2;
      engine.paired_replay /= 2;
      engine.paired_eager /= 2;
    }
  }
  add_worth(key, cache, seconds * std::max(1 - replay_ratio(engine), 0.0));
}

void note_replay(KeyUsage& key, EngineUsage& engine, CacheUsage& cache, double seconds) noexcept {
  ++key.replays;
  if (key.replays == 1) {
    note_first_replay(key, engine, seconds / replay_ratio(engine));
  }
  follow(key.mean_replay, key.replays, seconds);
  key.last_replay = seconds;
  if (key.eager_runs == 0) {
    cache.eager_equivalent += seconds;  // Nothing is known to have been saved.
    return;
  }
  const double eager = key.mean_eager;
  cache.eager_equivalent += eager;
  cache.saved += eager - seconds;
  key.saved += eager - seconds;
  engine.saved += eager - seconds;
  add_worth(key, cache, std::max(eager - seconds, 0.0));
}

void note_capture(KeyUsage& key, EngineUsage& engine, CacheUsage& cache, double seconds,
                  bool answered) noexcept {
  const double served = answered ? std::min(key.mean_eager, seconds) : 0;
  key.rent = 0;
  ++engine.captures;
  engine.capture_seconds += seconds - served;
  cache.capture_seconds += seconds - served;
  cache.eager_equivalent += served;
}

}  // namespace replayrt::detail
