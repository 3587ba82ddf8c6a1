#pragma once

#include <cstdint>
#include <string_view>

namespace replayrt {

/// Why a call was not a replay, or a graph not captured.
enum class Reason : std::uint8_t {
  kNone,                ///< It was a replay, or the call that captured.
  kNoCache,             ///< The call was given no cache.
  kDisabled,            ///< `disable_cuda_graphs` was set.
  kCapacityZero,        ///< The cache holds nothing: capacity 0.
  kBusy,                ///< Another lease of the same graph is not over yet.
  kOverBudget,          ///< The graph alone is larger than the cache's `max_bytes`.
  kStateful,            ///< The model keeps state between runs.
  kAliasedIo,           ///< An output shares memory with an input or another output.
  kRandom,              ///< The model draws random numbers.
  kDataDependentShape,  ///< An output's shape depends on the values of the inputs.
  kNoFreeProfile,       ///< Every optimization profile of the engine is in use.
  kCaptureFailed,       ///< The backend failed while it captured.
  kReplayFailed,  ///< The captured graph failed to run; it was dropped and the call served eagerly.
  kNotYet,        ///< Admission: capturing it would not pay, so far.
  kNotFaster,     ///< Admission: replays of this engine were measured to gain nothing.
  kRemeasure,     ///< Admission: run eagerly once in a while to keep both times measured.
  kCapturePending,  ///< The background thread captures it, or will.
  kCaptureWaited,   ///< Another thread's capture of the key took longer than `max_wait`.
  kRateLimited,     ///< More captures in this second than `max_captures_per_second`.
  kMismatch,        ///< The graph's answer differed from the eager one.
  kOutOfMemory,     ///< No memory for the capture; tried again after `retry_interval`.
  kEngineRetired,   ///< The engine went away while its graph was being captured.
};

/// "none", "no_cache", "over_budget", …
std::string_view to_string(Reason reason) noexcept;

}  // namespace replayrt
