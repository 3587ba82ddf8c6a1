#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "replayrt/core/dtype.hpp"

// What the double of TensorRT takes for a plan: a description of a small engine. Tests write one,
// the double's runtime reads it.
namespace replayrt::fakes::tensorrt {

/// What the engine computes.
enum class Function : std::uint32_t {
  /// f32 inputs x_0, x_1, … of one shape; every output, of that shape, is
  /// salt + extents behind dimension 0 added up + sum over k of (k + 1) * x_k, element by element.
  kSum = 0,
  /// Output k is input k, byte for byte; every type.
  kCopy = 1,
  /// One f32 input of rank 1; the output, i32, lists the places of its elements that are not zero:
  /// its extent is known only after the run.
  kNonZero = 2,
  /// Input 0: f32 of rank 1, input 1: i32 of rank 1 in host memory. The output, f32, has the shape
  /// that input 1 says, filled with input 0 over and over.
  kExpand = 3,
};

struct Range {
  std::int64_t min = 1;
  std::int64_t opt = 1;
  std::int64_t max = 1;

  static Range fixed(std::int64_t extent) { return {extent, extent, extent}; }
};

struct Input {
  std::string name;
  DType dtype = DType::kF32;
  /// For each optimization profile the range of each dimension. A dimension that is the same and
  /// fixed in all of them is part of the network.
  std::vector<std::vector<Range>> profiles;
};

struct Output {
  std::string name;
  DType dtype = DType::kF32;
};

struct Plan {
  /// What built it: the double refuses another version than its own, and another GPU.
  std::int32_t version = 0;  ///< 0: whatever loads it.
  std::uint32_t gpu = 90;    ///< Compute capability.
  Function function = Function::kSum;
  float salt = 0;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  /// Activation memory of a run: base + per_byte * bytes of all its inputs.
  std::uint64_t activation_base = 4096;
  std::uint64_t activation_per_byte = 1;
  std::uint32_t auxiliary_streams = 0;
  bool shares_profiles = false;      ///< 8.6: built with kPROFILE_SHARING_0806.
  bool needs_host_code = false;      ///< Refused unless host code is allowed.
  bool plugin_synchronizes = false;  ///< A plugin waits for the stream: no capture survives it.
  bool captures_nothing = false;     ///< It enqueues nothing.
  bool blocked_format = false;       ///< Its first input is stored as kCHW32.
};

std::vector<std::byte> serialize(const Plan& plan);

/// What `serialize` makes of the description of an engine: a plan with the right length and
/// checksum, whatever the bytes are.
std::vector<std::byte> seal(std::span<const std::byte> description);

/// The plan, or why the bytes are none: they are cut off, changed, not a plan, or describe what no
/// engine can be.
std::variant<Plan, std::string> parse(std::span<const std::byte> bytes);

}  // namespace replayrt::fakes::tensorrt
