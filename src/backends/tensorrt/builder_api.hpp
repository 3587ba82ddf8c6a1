#pragma once

// What api.hpp is for TensorRT's runtime, for its builder and the ONNX parser: the only place that
// knows in what their versions differ.

#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <cstdint>
#include <string>

#include "backends/tensorrt/api.hpp"

namespace replayrt::tensorrt {

/// Whether layers choose their types among those that flags allow; since 11 the model says them.
inline constexpr bool kHasPrecisionFlags = REPLAYRT_TRT_HEADERS < 1100;
inline constexpr bool kHasBf16Flag = kHasPrecisionFlags && REPLAYRT_TRT_HEADERS >= 1000;

enum class Flag : std::uint8_t { kF16, kBf16, kI8, kTf32 };

// Deprecated within TensorRT 10 for types in the model, but there until 11.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
/// Flags that the version does not have are left as they are.
inline void set_flag(nvinfer1::IBuilderConfig& config, Flag flag, bool on) noexcept {
  const auto set = [&](nvinfer1::BuilderFlag real) {
    if (on) {
      config.setFlag(real);
    } else {
      config.clearFlag(real);
    }
  };
  switch (flag) {
    case Flag::kTf32:
      set(nvinfer1::BuilderFlag::kTF32);
      break;
#if REPLAYRT_TRT_HEADERS < 1100
    case Flag::kF16:
      set(nvinfer1::BuilderFlag::kFP16);
      break;
    case Flag::kI8:
      set(nvinfer1::BuilderFlag::kINT8);
      break;
#endif
#if REPLAYRT_TRT_HEADERS >= 1000 && REPLAYRT_TRT_HEADERS < 1100
    case Flag::kBf16:
      set(nvinfer1::BuilderFlag::kBF16);
      break;
#endif
    default:
      break;
  }
}
#pragma GCC diagnostic pop

/// A network whose batch dimension is one like all others. Null on failure.
inline Owned<nvinfer1::INetworkDefinition> create_network(nvinfer1::IBuilder& builder) noexcept {
#if REPLAYRT_TRT_HEADERS < 1000
  constexpr auto kFlags =
      1U << static_cast<std::uint32_t>(nvinfer1::NetworkDefinitionCreationFlag::kEXPLICIT_BATCH);
#else
  constexpr std::uint32_t kFlags = 0;  // There is no other.
#endif
  return Owned<nvinfer1::INetworkDefinition>(builder.createNetworkV2(kFlags));
}

/// Lets any number of contexts use one profile, where that must be asked for.
inline void share_profiles([[maybe_unused]] nvinfer1::IBuilderConfig& config) noexcept {
#if REPLAYRT_TRT_HEADERS >= 806 && REPLAYRT_TRT_HEADERS < 1000
  config.setPreviewFeature(nvinfer1::PreviewFeature::kPROFILE_SHARING_0806, true);
#endif
}

/// Leaves the kernels of cuBLAS and cuDNN out, which only TensorRT 8 uses by itself. False on
/// failure.
inline bool use_no_library_kernels([[maybe_unused]] nvinfer1::IBuilderConfig& config) noexcept {
#if REPLAYRT_TRT_HEADERS < 1000
  nvinfer1::TacticSources sources = config.getTacticSources();
  for (const auto library : {nvinfer1::TacticSource::kCUBLAS, nvinfer1::TacticSource::kCUBLAS_LT,
                             nvinfer1::TacticSource::kCUDNN}) {
    sources &= ~(1U << static_cast<std::uint32_t>(library));
  }
  return config.setTacticSources(sources);
#else
  return true;
#endif
}

/// Told how a build goes on. Called by TensorRT's threads, several at once.
#if REPLAYRT_TRT_HEADERS >= 1000
inline constexpr bool kTellsProgress = true;
using ProgressMonitorBase = nvinfer1::IProgressMonitor;
inline void set_progress_monitor(nvinfer1::IBuilderConfig& config,
                                 ProgressMonitorBase& monitor) noexcept {
  config.setProgressMonitor(&monitor);
}
#else
inline constexpr bool kTellsProgress = false;
class ProgressMonitorBase {
 public:
  virtual ~ProgressMonitorBase() = default;
  // NOLINTBEGIN(readability-identifier-naming): TensorRT's names.
  virtual void phaseStart(char const* phase, char const* parent, std::int32_t steps) noexcept = 0;
  virtual bool stepComplete(char const* phase, std::int32_t step) noexcept = 0;
  virtual void phaseFinish(char const* phase) noexcept = 0;
  // NOLINTEND(readability-identifier-naming)
};
inline void set_progress_monitor(nvinfer1::IBuilderConfig& /*config*/,
                                 ProgressMonitorBase& /*monitor*/) noexcept {}
#endif

/// "node 12 (Conv 'backbone.0')": where the parser is in the model; names since TensorRT 10.
inline std::string node_text(const nvonnxparser::IParserError& error) {
  std::string text = "node " + std::to_string(error.node());
#if REPLAYRT_TRT_HEADERS >= 1000
  const auto some = [](char const* name) { return name == nullptr ? "" : name; };
  text.append(" (").append(some(error.nodeOperator())).append(" '");
  text.append(some(error.nodeName())).append("')");
#endif
  return text;
}

}  // namespace replayrt::tensorrt
