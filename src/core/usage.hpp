#pragma once

#include <chrono>
#include <cstdint>

namespace replayrt::detail {

// What the cache measures, in seconds. Plain values; the cache's lock guards them.

[[nodiscard]] constexpr double seconds(std::chrono::nanoseconds time) noexcept {
  return std::chrono::duration<double>(time).count();
}

/// One key since it was first seen, or since its graph was last given up.
struct KeyUsage {
  std::uint64_t sightings = 0;
  std::uint64_t eager_runs = 0;
  double mean_eager = 0;  ///< Of the last runs, but the first, which also prepares the shape.
  double rent = 0;        ///< Eager time since the last capture of the key.
  double saved = 0;       ///< By replays.
  std::uint64_t replays = 0;
  double mean_replay = 0;           ///< Of the last replays.
  double last_replay = 0;           ///< 0 before the first.
  std::uint64_t remeasured_at = 0;  ///< Number of replays when a call was last run eagerly.
  double worth = 0;                 ///< Recent savings, realised or missed; see `decayed`.
  std::uint64_t worth_calls = 0;  ///< The cache's count of calls when `worth` was last brought up.
  double compared_eager = 0;      ///< The eager run that its graph was compared with.
};

/// How much one key is asked for, held or not: for eviction by worth.
struct KeyDemand {
  double recent_calls = 0;       ///< Whatever their route; see `decayed`.
  std::uint64_t counted_at = 0;  ///< The cache's count of calls when they were last brought up.
};

/// One engine. Older measurements fade, so that what is true now counts.
struct EngineUsage {
  std::uint64_t captures = 0;
  double capture_seconds = 0;
  // Pairs of a replay and the eager run of the same key that came next: what else the machine does
  // comes and goes, and touches both.
  std::uint64_t pairs = 0;
  double paired_replay = 0;
  double paired_eager = 0;
  double saved = 0;  ///< By all replays.
  // Of all keys whose graph was compared with an eager run and then replayed: that run, and the
  // eager time that the first replay tells of.
  double compared_eager = 0;
  double found_eager = 0;
};

/// The whole cache.
struct CacheUsage {
  std::uint64_t calls = 0;
  double capture_seconds = 0;
  double eager_equivalent = 0;  ///< What all calls so far would have taken eagerly.
  double saved = 0;             ///< By replays; negative where they were slower.
};

/// What is left of `value` after so many calls of the cache: it halves every `kWorthHalfLife`.
inline constexpr std::uint64_t kWorthHalfLife = 256;
[[nodiscard]] double decayed(double value, std::uint64_t calls) noexcept;
/// `worth` as of now.
[[nodiscard]] double decayed_worth(const KeyUsage& key, std::uint64_t calls) noexcept;

}  // namespace replayrt::detail
