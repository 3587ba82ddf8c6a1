#pragma once

#include "core/usage.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::detail {

// The rule `pays_back`: when is a capture worth its price? Pure arithmetic.

/// Share of the eager time that captures may cost before they have earned anything.
inline constexpr double kCaptureAllowance = 0.04;
/// What a replay takes of the eager time, until replays of the engine have been measured; counts
/// like so many measured pairs.
inline constexpr double kAssumedReplayRatio = 0.85;
inline constexpr double kAssumedPairs = 4;
/// An engine whose replays take more than this share of the eager time is given up, once so many
/// pairs have shown it.
inline constexpr double kFasterRatio = 0.99;
inline constexpr std::uint64_t kConvincingPairs = 8;
/// A key must be worth this many times what it would push out.
inline constexpr double kWorthMargin = 1.5;
/// One call in so many of a captured key is run eagerly, so that both times stay measured; more
/// often, after 2, 4, 8, … replays, until kConvincingPairs have been seen of the engine.
inline constexpr std::uint64_t kRemeasureEvery = 64;

/// Replay time over eager time of the engine, measured or assumed.
[[nodiscard]] double replay_ratio(const EngineUsage& engine) noexcept;

/// Whether replay has been measured to be no faster than eager execution.
[[nodiscard]] bool gave_up(const EngineUsage& engine) noexcept;

/// What capturing a further shape of the engine is expected to cost, in seconds.
[[nodiscard]] double expected_price(const EngineUsage& engine, double backend_estimate) noexcept;

/// kNone: capture it now. kNotFaster: this engine gains nothing. kNotYet: it has not paid yet, or
/// would push out a key that is worth more (`victim_worth`, 0 if there is room).
[[nodiscard]] Reason pays_back(const KeyUsage& key, const EngineUsage& engine,
                               const CacheUsage& cache, double price, double victim_worth) noexcept;

/// Whether this call of a captured key is to be run eagerly; if so, that is booked.
[[nodiscard]] bool remeasure_now(KeyUsage& key, const EngineUsage& engine) noexcept;

/// Books one measured run.
void note_eager(KeyUsage& key, EngineUsage& engine, CacheUsage& cache, double seconds) noexcept;
void note_replay(KeyUsage& key, EngineUsage& engine, CacheUsage& cache, double seconds) noexcept;
/// `answered`: the capture also served the call that caused it, whose eager time is no part of its
/// price.
void note_capture(KeyUsage& key, EngineUsage& engine, CacheUsage& cache, double seconds,
                  bool answered) noexcept;

}  // namespace replayrt::detail
