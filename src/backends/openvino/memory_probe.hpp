#pragma once

#include <cstddef>
#include <mutex>

namespace replayrt::openvino {

/// Bytes of memory that belong to this process alone (smaps_rollup, private clean and dirty), after
/// the heap has given back what is free, so that scratch memory of a finished compilation is not
/// counted. 0 if the system does not tell.
std::size_t private_bytes();

/// Held by whoever compiles and measures: one capture at a time in the process, else each would
/// count the other's memory.
std::mutex& capture_gate();

}  // namespace replayrt::openvino
