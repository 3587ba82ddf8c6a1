#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace replayrt {

/// Which missing graphs are worth their capture.
struct Admission {
  enum class Kind : std::uint8_t {
    kAlways,     ///< Every one, at its first call: the seed's behaviour.
    kSightings,  ///< One that has been asked for `sightings_needed` times.
    kPaysBack,   ///< One whose eager calls have already cost, above what replays would have cost,
                 ///< the price of its capture (the ski-rental rule), within a bound on the sum of
                 ///< all captures. Never makes a workload much slower, whatever its shapes do.
  };

  Kind kind = Kind::kAlways;
  std::int64_t sightings_needed = 1;  ///< For kSightings: at least 1.

  static constexpr Admission always() noexcept { return {}; }
  static constexpr Admission sightings(std::int64_t n) noexcept { return {Kind::kSightings, n}; }
  static constexpr Admission pays_back() noexcept { return {Kind::kPaysBack, 1}; }

  /// Reads "always", "sightings:N" or "pays_back". Throws Error(kInvalidParameter) that quotes
  /// `text`.
  static Admission parse(std::string_view text);
  /// The inverse.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Admission&, const Admission&) = default;
};

/// Which graph is given up when there is no room for a new one. Never the new one itself; one that
/// is in use only if all others are.
enum class Eviction : std::uint8_t {
  kLeastRecentlyUsed,  ///< The seed's order.
  kCostAware,  ///< The one that saves least per byte: (eager - replay time) x recent calls /
               ///< bytes, as measured; where a key has not run both ways yet, the engine's ratio of
               ///< the two tells. Of equals the least recently used.
};

/// Reads "lru" or "cost_aware". Throws Error(kInvalidParameter) that quotes `text`.
Eviction eviction_from_string(std::string_view text);
/// The inverse.
std::string_view to_string(Eviction eviction) noexcept;

/// Who captures.
enum class CaptureMode : std::uint8_t {
  kInline,      ///< The call that misses; others that miss the same key meanwhile wait for it.
  kBackground,  ///< A thread of the cache; everybody is served eagerly meanwhile and nobody waits.
};

/// Which new graphs are compared with the eager answer before they are trusted.
struct Verification {
  double probability = 1;  ///< 0: none; 1: every new graph on the first input; between: that share.

  static constexpr Verification first() noexcept { return {1}; }
  static constexpr Verification sampled(double p) noexcept { return {p}; }
  static constexpr Verification off() noexcept { return {0}; }
};

/// Tells the time; tests give their own. Must be thread-safe and never go backwards.
using Clock = std::function<std::chrono::steady_clock::time_point()>;

struct GraphCacheOptions {
  static constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();
  static constexpr std::chrono::nanoseconds kForever = std::chrono::nanoseconds::max();

  std::int64_t capacity = 8;            ///< Most keys held. 0 turns caching off.
  std::int64_t max_bytes = kUnbounded;  ///< Most bytes of footprints held.
  Eviction eviction = Eviction::kLeastRecentlyUsed;
  /// Not set: what each engine's backend prefers (pays_back on the CPU, always on TensorRT).
  std::optional<Admission> admission{};
  CaptureMode capture = CaptureMode::kInline;
  /// Inline capture: how long a call waits for another thread's capture of its key before it is
  /// served eagerly.
  std::chrono::nanoseconds max_wait = kForever;
  /// Background capture: most keys that wait for their capture; the least wanted go first.
  std::int64_t max_queued_captures = 16;
  /// Most graphs of one key, so that as many threads can replay it at once; at least 1.
  std::int64_t max_instances_per_key = 1;
  Verification verify = Verification::first();
  /// When a capture that failed for a passing reason (out of memory) is tried again.
  std::chrono::nanoseconds retry_interval = std::chrono::seconds(30);
  /// Captures that may begin in any one second; 0: no limit.
  std::int64_t max_captures_per_second = 0;
  Clock clock{};  ///< Empty: std::chrono::steady_clock.
};

}  // namespace replayrt
