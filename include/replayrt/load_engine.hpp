#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/core/engine.hpp"

namespace replayrt {

/// Numeric type in which a backend computes f32 models. Anything but kF32 changes answers.
enum class Precision : std::uint8_t {
  kF32,
  kF16,
  kBf16,
  kAuto,  ///< Whatever the backend likes best on this machine.
};

/// "f32", "f16", "bf16", "auto"
std::string_view to_string(Precision precision) noexcept;
/// The inverse. Throws Error(kInvalidParameter) that names `text`.
Precision precision_from_string(std::string_view text);

/// Changes made to a model when it is loaded; a backend that cannot make one refuses it by name.
struct GraphEdits {
  /// Replaces the output by the index (i64) of its largest element along `axis`, which may be
  /// negative; the axis is dropped. Of equal elements the first counts.
  struct ArgMax {
    std::string output;
    std::int64_t axis = -1;
  };
  std::vector<ArgMax> argmax{};

  /// Lets an input of (batch, channels, height, width) take pictures as they lie in memory: u8
  /// (batch, height, width, channels). The graph divides by `scale`, subtracts `mean` and divides
  /// by `standard_deviation`, in this order; the last two have one element per channel, or none. It
  /// leaves the channels in their order: OpenVINO 2026.4.1 ran some networks of dynamic shape as if
  /// it had not been told to turn them around.
  struct ImageInput {
    std::string input{};  ///< Empty: the model's only input.
    double scale = 1;
    std::vector<double> mean{};
    std::vector<double> standard_deviation{};
  };
  std::vector<ImageInput> image_inputs{};
};

/// For TensorRT plans only.
struct TensorRtOptions {
  /// Lets the plan run code of its own on the host (lean runtimes, plugins): for plans that are
  /// trusted.
  bool engine_host_code_allowed = false;
  /// Blocks of activation memory, each large enough for every shape, that all runs of the engine
  /// share: so many run on the device at once. 1 to 64.
  std::int64_t activation_slots = 2;
};

struct LoadOptions {
  std::string backend = "auto";  ///< "auto", "openvino", "tensorrt"
  std::string device = "auto";   ///< "auto", "cpu", "cuda", "cuda:N"
  Precision precision = Precision::kF32;
  /// Threads that one run uses; 0: as many as this process has cores (its affinity).
  std::int64_t inference_threads = 0;
  GraphEdits edits{};
  TensorRtOptions tensorrt{};
};

/// Loads a model file: `.onnx`, OpenVINO IR (`.xml` with its `.bin` beside it), or a TensorRT plan
/// (`.plan`, `.engine`). Thread-safe.
/// Throws Error: kFileAccess (missing, a directory, unreadable), kCorruptedModel (not a model,
/// truncated, unsupported operation), kMissingDependency or kUnsupported (backend, device, edit),
/// kInvalidParameter (an option); the message names the file and says what was expected.
Engine load_engine(const std::filesystem::path& path, const LoadOptions& options = {});

/// The seed's name for loading a TensorRT plan. Throws as `load_engine` does; what TensorRT logged
/// is part of the message.
inline Engine load_trt_model(const std::filesystem::path& path,
                             bool engine_host_code_allowed = false) {
  LoadOptions options;
  options.backend = "tensorrt";
  options.tensorrt.engine_host_code_allowed = engine_host_code_allowed;
  return load_engine(path, options);
}

/// Loads a TensorRT plan that lies in memory, as `build_trt_plan` gives it; `plan` may go
/// afterwards. Messages call it `name`. Thread-safe. Throws as `load_engine` does, but for files.
Engine load_trt_plan(std::span<const std::byte> plan, const std::string& name = "plan",
                     const LoadOptions& options = {});

/// A new stream of the engine's device, for RunContext::stream of a program that has no CUDA
/// runtime of its own: a cudaStream_t. The last copy of the pointer destroys it, once all calls
/// that were given it have completed. Thread-safe. Throws Error(kUnsupported) if the engine's
/// backend has no streams (openvino), kModelRuntime if CUDA fails.
std::shared_ptr<void> make_stream(const Engine& engine);

/// One backend as this build and this machine have it.
struct BackendInfo {
  std::string name;
  bool available = false;
  std::string version;               ///< Empty if not available.
  std::vector<std::string> devices;  ///< For people: "cpu (AMD EPYC …)".
  std::string why_missing;  ///< Why it cannot be used, and what to install; empty if available.
};

/// Every backend that ReplayRT knows, available or not.
std::vector<BackendInfo> list_backends();

}  // namespace replayrt
