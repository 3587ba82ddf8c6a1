#include <algorithm>
#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "backends/cuda/device.hpp"
#include "backends/cuda/device_guard.hpp"
#include "backends/tensorrt/backend.hpp"
#include "backends/tensorrt/build_shapes.hpp"
#include "backends/tensorrt/builder_api.hpp"
#include "backends/tensorrt/library.hpp"
#include "backends/tensorrt/logger.hpp"
#include "backends/tensorrt/onnx_parser.hpp"
#include "backends/tensorrt/options.hpp"
#include "replayrt/core/error.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::tensorrt {
namespace {

void require_valid(const PlanBuildOptions& options) {
  constexpr std::int64_t kMostProfiles = 64;
  if (options.profiles < 1 || options.profiles > kMostProfiles) {
    throw Error(ErrorCode::kInvalidParameter, "profiles is " + std::to_string(options.profiles) +
                                                  ": expected 1 to " +
                                                  std::to_string(kMostProfiles));
  }
  if (options.workspace_bytes.value_or(1) < 1) {
    throw Error(ErrorCode::kInvalidParameter, "workspace_bytes is " +
                                                  std::to_string(*options.workspace_bytes) +
                                                  ": expected at least 1, or none for no limit");
  }
  if (!kHasPrecisionFlags && (options.f16 || options.bf16 || options.i8)) {
    throw Error(ErrorCode::kUnsupported,
                "TensorRT " + kHeaders.to_string() +
                    " takes types from the model: convert the model itself "
                    "instead of f16, bf16 or i8");
  }
  if (!kHasBf16Flag && options.bf16) {
    throw Error(ErrorCode::kUnsupported,
                "bf16 needs TensorRT 10: this build is for " + kHeaders.to_string());
  }
}

/// Passes progress on, one call at a time, and remembers that it was told to stop.
class ProgressMonitor final : public ProgressMonitorBase {
 public:
  explicit ProgressMonitor(const PlanBuildOptions& options) : tell_(options.on_progress) {}

  void phaseStart(char const* phase, char const* /*parent*/, std::int32_t steps) noexcept override {
    const std::lock_guard lock(mutex_);
    steps_[phase] = steps;
    tell(phase, 0);
  }
  bool stepComplete(char const* phase, std::int32_t step) noexcept override {
    const std::lock_guard lock(mutex_);
    tell(phase, step + 1);
    return !stopped_;
  }
  void phaseFinish(char const* phase) noexcept override {
    const std::lock_guard lock(mutex_);
    steps_.erase(phase);
  }

  [[nodiscard]] bool stopped() const noexcept { return stopped_; }

 private:
  void tell(const std::string& phase, std::int64_t done) {
    if (tell_ && !tell_(phase, done, steps_[phase])) {
      stopped_ = true;
    }
  }

  const std::function<bool(const std::string&, std::int64_t, std::int64_t)>& tell_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t, std::less<>> steps_;
  std::atomic<bool> stopped_{false};
};

template <class T>
Owned<T> made(T* object, const char* what, const Logger::Recording& said) {
  if (object == nullptr) {
    throw Error(ErrorCode::kModelRuntime,
                with_messages(std::string("TensorRT made no ") + what, said));
  }
  return Owned<T>(object);
}

std::vector<std::byte> bytes_of(const nvinfer1::IHostMemory& memory) {
  const auto* begin = static_cast<const std::byte*>(memory.data());
  return {begin, begin + memory.size()};
}

void add_profiles(nvinfer1::IBuilder& builder, nvinfer1::IBuilderConfig& config,
                  const nvinfer1::INetworkDefinition& network,
                  const std::vector<InputShapes>& inputs, std::int64_t count,
                  const Logger::Recording& said) {
  const auto is_fixed = [](const InputShapes& input) { return input.min == input.max; };
  if (std::ranges::all_of(inputs, is_fixed)) {
    return;  // TensorRT makes the one profile itself.
  }
  for (std::int64_t i = 0; i < count; ++i) {
    // The builder owns it.
    nvinfer1::IOptimizationProfile* profile = builder.createOptimizationProfile();
    bool ok = profile != nullptr;
    for (std::size_t k = 0; k < inputs.size() && ok; ++k) {
      const char* name = network.getInput(static_cast<std::int32_t>(k))->getName();
      using Selector = nvinfer1::OptProfileSelector;
      ok = profile->setDimensions(name, Selector::kMIN, dims_of(inputs[k].min)) &&
           profile->setDimensions(name, Selector::kOPT, dims_of(inputs[k].opt)) &&
           profile->setDimensions(name, Selector::kMAX, dims_of(inputs[k].max));
    }
    if (!ok || config.addOptimizationProfile(profile) < 0) {
      throw Error(
          ErrorCode::kModelRuntime,
          with_messages("TensorRT refused optimization profile " + std::to_string(i), said));
    }
  }
}

void set_options(nvinfer1::IBuilderConfig& config, const PlanBuildOptions& options,
                 const Logger::Recording& said) {
  set_flag(config, Flag::kF16, options.f16);
  set_flag(config, Flag::kBf16, options.bf16);
  set_flag(config, Flag::kI8, options.i8);
  set_flag(config, Flag::kTf32, options.tf32);
  share_profiles(config);
  if (options.workspace_bytes.has_value()) {
    config.setMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE,
                              static_cast<std::size_t>(*options.workspace_bytes));
  }
  if (!options.library_kernels && !use_no_library_kernels(config)) {
    throw Error(ErrorCode::kModelRuntime,
                with_messages("TensorRT cannot do without kernels of cuBLAS and cuDNN", said));
  }
}

/// A cache of what kernels cost, set in `config`, which must end before it. What was measured by
/// another TensorRT or on another GPU is left out.
Owned<nvinfer1::ITimingCache> set_timing_cache(nvinfer1::IBuilderConfig& config,
                                               const std::vector<std::byte>& known,
                                               const Logger::Recording& said) {
  if (!known.empty()) {
    Owned<nvinfer1::ITimingCache> cache(config.createTimingCache(known.data(), known.size()));
    if (cache != nullptr && config.setTimingCache(*cache, false)) {
      return cache;
    }
    log(LogLevel::kWarning,
        with_messages("the timing cache is not of this TensorRT and this GPU, and left out", said));
  }
  auto cache = made(config.createTimingCache(nullptr, 0), "timing cache", said);
  if (!config.setTimingCache(*cache, false)) {
    throw Error(ErrorCode::kModelRuntime, with_messages("TensorRT takes no timing cache", said));
  }
  return cache;
}

}  // namespace

BuiltPlan build_plan(const std::filesystem::path& onnx, const PlanBuildOptions& options) {
  require_valid(options);
  const std::int32_t device = device_of(options.device);
  cuda::require_device(device);
  const auto library = Library::open();
  const cuda::DeviceGuard current(device);
  Logger logger;
  const Owned<nvinfer1::IBuilder> builder = library->create_builder(logger);
  const Logger::Recording said(logger);
  const auto network = made(create_network(*builder).release(), "network", said);
  const auto parser = parse_onnx(onnx, *library, *network, logger);

  BuiltPlan built;
  built.inputs = resolve_shapes(*network, options.shapes);
  ProgressMonitor monitor(options);
  Owned<nvinfer1::ITimingCache> cache;  // Outlives its user.
  const auto config = made(builder->createBuilderConfig(), "builder configuration", said);
  set_options(*config, options, said);
  add_profiles(*builder, *config, *network, built.inputs, options.profiles, said);
  cache = set_timing_cache(*config, options.timing_cache, said);
  set_progress_monitor(*config, monitor);

  const Owned<nvinfer1::IHostMemory> plan(builder->buildSerializedNetwork(*network, *config));
  if (plan == nullptr) {
    throw Error(ErrorCode::kModelRuntime,
                monitor.stopped()
                    ? "the build of a plan of '" + onnx.string() + "' was stopped"
                    : with_messages("TensorRT " + library->version().to_string() +
                                        " cannot build a plan of '" + onnx.string() + "'",
                                    said));
  }
  built.plan = bytes_of(*plan);
  const Owned<nvinfer1::IHostMemory> measured(cache->serialize());
  if (measured != nullptr) {
    built.timing_cache = bytes_of(*measured);
  } else {  // The plan is not lost because of it.
    log(LogLevel::kWarning, with_messages("TensorRT cannot save its timing cache", said));
    built.timing_cache = options.timing_cache;
  }
  return built;
}

}  // namespace replayrt::tensorrt
