#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "replayrt/core/device.hpp"
#include "replayrt/core/graph_key.hpp"

namespace replayrt {

/// A graph key that means the same in another process: the engine is named by its content, not by
/// its id.
struct SavedKey {
  std::string engine_hash;  ///< `Engine::content_hash()`, never empty.
  Device device;
  InputSignature inputs;  ///< Without addresses.
  std::uint64_t calls = 0;
  /// What its replays have saved of late; never negative. The more, the hotter.
  std::chrono::nanoseconds worth{0};

  friend bool operator==(const SavedKey&, const SavedKey&) = default;
};

/// Who captures what a cache is told to prewarm.
enum class PrewarmMode : std::uint8_t {
  kInline,      ///< The caller, before the call returns.
  kBackground,  ///< The cache's thread, after what calls have left to it; no call waits for it.
};

/// What became of the keys that a cache was told to prewarm; each is counted once for every engine
/// that it is of.
struct PrewarmReport {
  std::size_t accepted = 0;  ///< Captured, or in the background: queued.
  std::size_t held = 0;      ///< Held already, or its capture was under way.
  std::size_t refused = 0;   ///< The engine does not take it, or its capture failed: see the log.
  std::size_t no_room = 0;   ///< Left out, as the cache is full.
  std::size_t unknown = 0;   ///< Of an engine that was not given.

  friend bool operator==(const PrewarmReport&, const PrewarmReport&) = default;
};

}  // namespace replayrt
