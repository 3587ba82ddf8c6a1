#include "core/eviction.hpp"

#include <algorithm>

#include "core/admission.hpp"

namespace replayrt::detail {
namespace {

/// Eager time of a key, in seconds, as far as is known.
double eager_time(const KeyUsage& key, const EngineUsage& engine, double ratio) noexcept {
  if (key.eager_runs > 1) {
    return key.mean_eager;
  }
  if (key.replays > 0) {
    return key.mean_replay / ratio;
  }
  if (key.eager_runs == 1) {
    return key.mean_eager;
  }
  const double correction =
      engine.compared_eager > 0 ? engine.found_eager / engine.compared_eager : 1;
  return key.compared_eager * correction;
}

}  // namespace

void note_call(KeyDemand& key, std::uint64_t calls) noexcept {
  key.recent_calls = recent_calls(key, calls) + 1;
  key.counted_at = calls;
}

double recent_calls(const KeyDemand& key, std::uint64_t calls) noexcept {
  return decayed(key.recent_calls, calls - key.counted_at);
}

void note_compared(KeyUsage& key, double seconds) noexcept {
  key.compared_eager = seconds;
}

void note_first_replay(const KeyUsage& key, EngineUsage& engine, double seconds) noexcept {
  if (key.compared_eager > 0) {
    engine.compared_eager += key.compared_eager;
    engine.found_eager += seconds;
  }
}

double saved_per_byte(const KeyUsage& key, const EngineUsage& engine, double recent_calls,
                      std::int64_t bytes) noexcept {
  const double ratio = replay_ratio(engine);
  const double eager = eager_time(key, engine, ratio);
  const double replay = key.replays > 0 ? key.mean_replay : eager * ratio;
  return std::max(eager - replay, 0.0) * recent_calls /
         static_cast<double>(std::max<std::int64_t>(bytes, 1));
}

}  // namespace replayrt::detail
