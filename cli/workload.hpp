#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "replayrt/core/engine.hpp"
#include "replayrt/core/graph_key.hpp"
#include "replayrt/core/tensor.hpp"
#include "shape_spec.hpp"

namespace replayrt::cli {

/// One call that a user asked for, and where: "--shapes" or "trace.txt:3".
struct RequestedCall {
  std::string origin;
  ShapeSpec spec;
};

/// One distinct set of input shapes with its inputs.
struct Case {
  std::string name;  ///< As in a trace.
  std::vector<Tensor> inputs;
  std::vector<TensorView> views;
  GraphKey key;
};

/// What a bench runs: distinct cases, and the order in which they are called.
struct Workload {
  std::vector<Case> cases;
  std::vector<std::size_t> calls;  ///< Indices into `cases`.
};

/// Makes seeded random inputs, once per distinct shape. Throws Error(kModelInput) that names the
/// call's origin, the input and what was expected if a shape does not fit the engine, before any
/// input is made.
Workload make_workload(const Engine& engine, const std::vector<RequestedCall>& calls,
                       std::uint64_t seed);

}  // namespace replayrt::cli
