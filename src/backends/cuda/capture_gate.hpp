#pragma once

#include <cstdint>

#include "core/fifo_gate.hpp"

namespace replayrt::cuda {

/// Waits until nobody else in this process captures on `device`, and keeps all others out until the
/// permit ends. First come, first served. One thread must not ask twice. Throws
/// Error(kInvalidParameter) if `device` is negative.
[[nodiscard]] replayrt::detail::FifoGate::Permit enter_capture(std::int32_t device);

}  // namespace replayrt::cuda
