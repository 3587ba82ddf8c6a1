#include "replayrt/core/reason.hpp"

namespace replayrt {

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kNoCache:
      return "no_cache";
    case Reason::kDisabled:
      return "disabled";
    case Reason::kCapacityZero:
      return "capacity_zero";
    case Reason::kBusy:
      return "busy";
    case Reason::kOverBudget:
      return "over_budget";
    case Reason::kStateful:
      return "stateful";
    case Reason::kAliasedIo:
      return "aliased_io";
    case Reason::kRandom:
      return "random";
    case Reason::kDataDependentShape:
      return "data_dependent_shape";
    case Reason::kNoFreeProfile:
      return "no_free_profile";
    case Reason::kCaptureFailed:
      return "capture_failed";
    case Reason::kReplayFailed:
      return "replay_failed";
    case Reason::kNotYet:
      return "not_yet";
    case Reason::kNotFaster:
      return "not_faster";
    case Reason::kRemeasure:
      return "remeasure";
    case Reason::kCapturePending:
      return "capture_pending";
    case Reason::kCaptureWaited:
      return "capture_waited";
    case Reason::kRateLimited:
      return "rate_limited";
    case Reason::kMismatch:
      return "mismatch";
    case Reason::kOutOfMemory:
      return "out_of_memory";
    case Reason::kEngineRetired:
      return "engine_retired";
  }
  return "unknown";
}

}  // namespace replayrt
