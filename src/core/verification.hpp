#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "core/engine_state.hpp"

namespace replayrt::detail {

/// The inputs of a call, and how they are ordered against the caller's device work.
struct LiveInputs {
  std::span<const TensorView> views;
  const RunContext& context;
};

/// The eager run that a graph was to be compared with failed: nothing is known of the graph.
class CannotVerify : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs `graph` and an eager executor of `engine` on `inputs` and compares. Null if the answers
/// agree: |a - b| <= atol + rtol * |b| for every element, f32 and f64: 1e-4, 1e-3; f16 and bf16:
/// 2e-2, 2e-2; of integers at most 0.1 % may differ, for ties, and one if there are ten or more.
/// Otherwise what differs most. Types of 8 bits and less that are no integers are compared as
/// bytes. Throws what the graph's run throws, and CannotVerify.
std::optional<std::string> disagreement(EngineState& engine, Executor& graph,
                                        const LiveInputs& inputs);

/// The comparison alone, on host memory; `name` is the output's.
std::optional<std::string> disagreement(const Tensor& graph, const Tensor& eager,
                                        const std::string& name);

}  // namespace replayrt::detail
