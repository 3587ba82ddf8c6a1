#pragma once

#include <cstddef>

#include "core/fifo_gate.hpp"

namespace replayrt::openvino {

/// Number of cores that this process may use (its affinity), at least 1.
std::size_t process_cores() noexcept;

/// Shares the cores among all runs of the process: a run holds one permit per thread that it
/// computes with, so that many engines and captured graphs never have more threads at work than
/// there are cores.
using CoreGate = detail::FifoGate;

/// The gate of this process, with `process_cores()` permits.
CoreGate& process_core_gate();

}  // namespace replayrt::openvino
