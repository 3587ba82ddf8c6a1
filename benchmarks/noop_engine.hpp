#pragma once

#include "replayrt/core/engine.hpp"

namespace replayrt::benchmarks {

/// An engine of one f32 input of any shape up to rank 4 whose runs do nothing: every output is the
/// same small tensor. What is left of a call is the core's own cost.
Engine make_noop_engine();

}  // namespace replayrt::benchmarks
