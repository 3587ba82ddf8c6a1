#pragma once

#include <cstdint>

namespace replayrt::detail {

// What the cache measures, in seconds. Plain values; the cache's lock guards them.

/// One key since it was first seen, or since its graph was last given up.
struct KeyUsage {
  std::uint64_t sightings = 0;
  std::uint64_t eager_runs = 0;
  double eager_seconds = 0;
  double first_eager = 0;  ///< The first run of a shape also prepares it: left out of the mean.
  double rent = 0;         ///< Eager time since the last capture of the key.
  double saved = 0;        ///< By replays.
  std::uint64_t replays = 0;
  double replay_seconds = 0;
  double worth = 0;               ///< Recent savings, realised or missed; see `decayed`.
  std::uint64_t worth_calls = 0;  ///< The cache's count of calls when `worth` was last brought up.

  [[nodiscard]] double mean_eager() const noexcept {
    return eager_runs <= 1 ? eager_seconds
                           : (eager_seconds - first_eager) / static_cast<double>(eager_runs - 1);
  }
  [[nodiscard]] double mean_replay() const noexcept {
    return replays == 0 ? 0 : replay_seconds / static_cast<double>(replays);
  }
};

/// One engine. Older measurements fade, so that what is true now counts.
struct EngineUsage {
  std::uint64_t captures = 0;
  double capture_seconds = 0;
  std::uint64_t compared_replays = 0;  ///< Replays of keys whose eager time is known.
  double replay_seconds = 0;           ///< Their time, and
  double eager_equivalent = 0;         ///< what they would have taken eagerly.
  double saved = 0;                    ///< By all replays.
};

/// The whole cache.
struct CacheUsage {
  std::uint64_t calls = 0;
  double capture_seconds = 0;
  double eager_equivalent = 0;  ///< What all calls so far would have taken eagerly.
  double saved = 0;             ///< By replays; negative where they were slower.
};

/// `worth` as of now: it halves every `kWorthHalfLife` calls of the cache.
inline constexpr double kWorthHalfLife = 256;
[[nodiscard]] double decayed_worth(const KeyUsage& key, std::uint64_t calls) noexcept;

}  // namespace replayrt::detail
