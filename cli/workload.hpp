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

/// The distinct shapes of calls, in the order of their first ones.
struct CheckedCalls {
  std::vector<std::string> names;          ///< As in a trace.
  std::vector<std::vector<Shape>> shapes;  ///< Of the inputs, in the engine's order.
  std::vector<std::size_t> calls;          ///< Indices into both.
};

/// How many of the distinct shapes have their inputs in memory at one time.
enum class InputsHeld : std::uint8_t { kAll, kOne };

/// The calls of a command: `shapes` is a list with commas, `trace` a file; one of them is empty.
/// Throws UsageError, also unless exactly one is given, and Error(kFileAccess).
std::vector<RequestedCall> requested_calls(const std::string& shapes, const std::string& trace);

/// Throws Error(kModelInput) that names the call's origin, the input and what was expected if a
/// shape does not fit the engine; Error(kOutOfMemory) if the inputs do not fit this machine.
CheckedCalls check_calls(const Engine& engine, const std::vector<RequestedCall>& calls,
                         InputsHeld held);

/// `calls` so many times, one after the other; `times` is at least 1.
void repeat_calls(std::vector<std::size_t>& calls, std::int64_t times);

/// Random inputs of such shapes. Two seeds that are 2^16 apart share nothing.
Case make_case(const Engine& engine, std::string name, const std::vector<Shape>& shapes,
               std::uint64_t seed);

/// What a bench runs: distinct cases, and the order in which they are called.
struct Workload {
  std::vector<Case> cases;
  std::vector<std::size_t> calls;  ///< Indices into `cases`.
};

/// Makes seeded random inputs, once per distinct shape. Throws as `check_calls` does, before any
/// input is made.
Workload make_workload(const Engine& engine, const std::vector<RequestedCall>& calls,
                       std::uint64_t seed);

}  // namespace replayrt::cli
