#include "backends/cuda/capture_gate.hpp"

#include <map>
#include <mutex>
#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt::cuda {

using replayrt::detail::FifoGate;

FifoGate::Permit enter_capture(std::int32_t device) {
  if (device < 0) {
    throw Error(ErrorCode::kInvalidParameter,
                "there is no device cuda:" + std::to_string(device) + " to capture on");
  }
  // Never destroyed: a capture may end while static objects are taken down.
  static std::mutex& mutex = *new std::mutex;
  static auto& gates = *new std::map<std::int32_t, FifoGate>;
  FifoGate* gate = nullptr;
  {
    const std::lock_guard lock(mutex);
    gate = &gates.try_emplace(device, 1U).first->second;
  }
  return gate->acquire();
}

}  // namespace replayrt::cuda
