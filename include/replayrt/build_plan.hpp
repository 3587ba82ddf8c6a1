#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "replayrt/core/shape.hpp"

namespace replayrt {

/// The shapes of one input that a plan is built for.
struct InputShapes {
  std::string name;  ///< Given empty: the model's only input.
  Shape min;
  Shape opt;  ///< What the plan is tuned for.
  Shape max;
};

struct PlanBuildOptions {
  std::string device = "auto";  ///< "auto", "cuda", "cuda:N": the plan runs on GPUs like this one.
  /// One for each input with dynamic dimensions, and none for others. Fixed dimensions are
  /// repeated.
  std::vector<InputShapes> shapes{};
  /// Types that layers may compute in beside f32, where that is faster; answers change by what the
  /// type rounds. TensorRT 11 takes types from the model alone and refuses all three.
  bool f16 = false;
  bool bf16 = false;  ///< TensorRT 10.
  bool i8 = false;    ///< For models that hold QuantizeLinear.
  /// Lets f32 matrix products and convolutions round their inputs to 10 bits of mantissa.
  bool tf32 = false;
  /// Equal optimization profiles, 1 to 64. Before TensorRT 10 each captured graph of a plan with
  /// dynamic shapes needs one of its own, and eager runs one more; 8.6 shares them if it can.
  std::int64_t profiles = 1;
  /// Most scratch memory of a layer, in bytes; none: as much as the GPU has.
  std::optional<std::int64_t> workspace_bytes{};
  /// False: no kernels of cuBLAS and cuDNN, which the plan would need too where it runs. TensorRT 8
  /// uses them unless told not to, later versions do not.
  bool library_kernels = true;
  /// What an earlier build measured (BuiltPlan::timing_cache), so that this one is faster; empty:
  /// nothing. What is of another version or GPU is left out with a warning.
  std::vector<std::byte> timing_cache{};
  /// Called by TensorRT's threads, one at a time, as the build goes on (TensorRT 10): the phase,
  /// and how many of its steps are done. False: stop. Must not throw.
  std::function<bool(const std::string& phase, std::int64_t done, std::int64_t steps)>
      on_progress{};
};

struct BuiltPlan {
  std::vector<std::byte> plan;          ///< What `load_engine` reads from a `.plan` file.
  std::vector<std::byte> timing_cache;  ///< For the next build; what was given is part of it.
  /// Names and ranges of the plan's inputs in their order, fixed ones (min = max) among them.
  std::vector<InputShapes> inputs;
};

/// Builds a TensorRT plan of an ONNX model on this machine's GPU, which takes seconds to minutes.
/// Its weights may lie in files beside it. Thread-safe; nothing is written to disk. Throws Error:
/// kMissingDependency (no TensorRT in this build, no driver, no library, what is needed),
/// kFileAccess (the model), kCorruptedModel (not ONNX, or what the parser refused, with node and
/// line), kInvalidParameter (an option; it names the input and says what was expected),
/// kUnsupported (an option that this TensorRT has not), kModelRuntime (TensorRT failed; what it
/// logged is part of the message, or `on_progress` stopped it).
BuiltPlan build_trt_plan(const std::filesystem::path& onnx, const PlanBuildOptions& options = {});

}  // namespace replayrt
