#include "backends/openvino/core_gate.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace replayrt::openvino {

std::size_t process_cores() noexcept {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return std::max<std::size_t>(static_cast<std::size_t>(CPU_COUNT(&set)), 1);
  }
  // More cores than a cpu_set_t holds.
  return std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

CoreGate& process_core_gate() {
  // Never destroyed: executors may still run while static objects are taken down.
  static CoreGate& gate = *new CoreGate(process_cores());
  return gate;
}

}  // namespace replayrt::openvino
