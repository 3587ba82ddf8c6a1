#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "core/engine_state.hpp"
#include "core/live_call.hpp"

namespace replayrt::detail {

/// The eager run that a graph was to be compared with failed: nothing is known of the graph.
class CannotVerify : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs an eager executor of `engine` on `inputs` and compares a graph's answer with it. Null if
/// they agree: |a - b| <= atol + rtol * |b| for every element, f32 and f64: 1e-4, 1e-3; f16 and
/// bf16: 2e-2, 2e-2; of integers at most 0.1 % may differ, for ties, and one if there are ten or
/// more. Otherwise what differs most. Types of 8 bits and less that are no integers are compared as
/// bytes. `eager_took`: how long that run took by `clock`. Throws what waiting for the answer
/// throws, and CannotVerify.
std::optional<std::string> disagreement(EngineState& engine, const Answer& answer,
                                        const LiveInputs& inputs, const Clock& clock,
                                        std::chrono::nanoseconds& eager_took);

/// The comparison alone, on host memory; `name` is the output's.
std::optional<std::string> disagreement(const Tensor& graph, const Tensor& eager,
                                        const std::string& name);

}  // namespace replayrt::detail
