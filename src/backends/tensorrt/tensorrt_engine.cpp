#include "backends/tensorrt/tensorrt_engine.hpp"

#include <algorithm>
#include <utility>

#include "backends/cuda/capture_gate.hpp"
#include "backends/cuda/device.hpp"
#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/stream_order.hpp"
#include "backends/tensorrt/backend.hpp"
#include "backends/tensorrt/captured_executor.hpp"
#include "backends/tensorrt/eager_executor.hpp"
#include "backends/tensorrt/options.hpp"
#include "backends/tensorrt/plan_file.hpp"
#include "backends/tensorrt/run_support.hpp"
#include "core/validate_inputs.hpp"

namespace replayrt::tensorrt {
namespace {

constexpr std::string_view kIdentity = "replayrt content 1, tensorrt";

std::string describe_device(std::int32_t index) {
  for (const cuda::DeviceInfo& device : cuda::list_devices()) {
    if (device.index == index) {
      return device.to_string();
    }
  }
  return "cuda:" + std::to_string(index);
}

void deserialize(EngineContext& context, std::span<const std::byte> plan) {
  const Logger::Recording said(context.logger);
  context.engine.reset(context.runtime->deserializeCudaEngine(plan.data(), plan.size()));
  if (context.engine == nullptr) {
    throw Error(ErrorCode::kCorruptedModel,
                with_messages(context.file + " is no plan that TensorRT " +
                                  context.library->version().to_string() + " can run on " +
                                  describe_device(context.device) +
                                  " (it needs one built by the same version for the same kind of "
                                  "GPU)",
                              said));
  }
}

/// Whether two contexts may use the same profile. For 8.6 the plan does not tell: it is tried.
bool shares_profiles(EngineContext& context) {
  if (kProfileSharing != ProfileSharing::kAsk) {
    return kProfileSharing == ProfileSharing::kAlways;
  }
  const Logger::Recording keep_back(context.logger, Logger::Recording::Pass::kKeepBack);
  const cuda::Stream stream = cuda::make_stream();
  const Owned<nvinfer1::IExecutionContext> first = create_context(*context.engine);
  const Owned<nvinfer1::IExecutionContext> second = create_context(*context.engine);
  const bool shared = first != nullptr && second != nullptr &&
                      first->setOptimizationProfileAsync(0, stream.get()) &&
                      second->setOptimizationProfileAsync(0, stream.get());
  cuda::drain(stream.get());
  return shared;
}

std::shared_ptr<EngineContext> make_context(std::span<const std::byte> plan,
                                            const std::string& file, const LoadOptions& options) {
  require_supported(options);
  auto context = std::make_shared<EngineContext>(file, device_of(options.device));
  cuda::require_device(context->device);
  context->library = Library::open();
  const cuda::DeviceGuard device(context->device);
  context->runtime = context->library->create_runtime(context->logger);
  set_host_code_allowed(*context->runtime, options.tensorrt.engine_host_code_allowed);
  deserialize(*context, plan);
  context->specs = read_specs(*context->engine);
  const bool shared = !context->is_dynamic() || shares_profiles(*context);
  context->profiles =
      std::make_shared<ProfileBook>(context->specs.inputs.specs, context->specs.profiles, shared);
  context->arena = cuda::ActivationArena::create(
      context->device, static_cast<std::size_t>(options.tensorrt.activation_slots),
      activation_bytes(*context->engine));
  return context;
}

/// As above; every error names the plan.
std::shared_ptr<EngineContext> load_context(std::span<const std::byte> plan,
                                            const std::string& file, const LoadOptions& options) {
  try {
    return make_context(plan, file, options);
  } catch (const Error& error) {
    const std::string what = error.what();
    throw Error(error.code(), what.find(file) != std::string::npos
                                  ? what
                                  : "cannot load " + file + " with TensorRT: " + what);
  }
}

}  // namespace

TensorRtEngine::TensorRtEngine(std::span<const std::byte> plan, const std::string& file,
                               const LoadOptions& options)
    : context_(load_context(plan, file, options)),
      hash_(content::hash_of(plan, kIdentity)),
      memory_(context_) {}

// Looked at before it is read.
TensorRtEngine::TensorRtEngine(const std::filesystem::path& file, const LoadOptions& options)
    : content_(std::make_unique<content::FileContent>(std::vector{file}, std::string(kIdentity))),
      context_(load_context(read_plan(file), file.string(), options)),
      memory_(context_) {}

std::string TensorRtEngine::content_hash() const {
  return content_ != nullptr ? content_->hash() : hash_;
}

std::size_t TensorRtEngine::max_eager_executors() const noexcept {
  return context_->profiles->shared() ? context_->arena->slot_count() : 1;
}

std::size_t TensorRtEngine::shared_bytes() const noexcept {
  return context_->arena->bytes();
}

bool TensorRtEngine::can_bind(std::size_t input, const TensorView& view) const noexcept {
  return view.device == device() && view.data != nullptr && is_aligned(view.data) &&
         !context_->specs.inputs.on_host[input];
}

std::unique_ptr<Executor> TensorRtEngine::make_eager() {
  const cuda::DeviceGuard device(context_->device);
  return std::make_unique<EagerExecutor>(context_);
}

std::unique_ptr<Executor> TensorRtEngine::capture(const InputSignature& signature) {
  detail::validate_signature(*this, signature);
  for (std::size_t i = 0; i < signature.size(); ++i) {
    if (context_->specs.inputs.on_host[i]) {
      throw CaptureRefused(
          Reason::kDataDependentShape,
          context_->file + ": shapes depend on the values of input '" + inputs()[i].name + "'");
    }
    const TensorSignature& given = signature[i];
    if (given.address != nullptr &&
        (given.memory != DeviceType::kCuda || !is_aligned(given.address))) {
      throw Error(ErrorCode::kInvalidParameter,
                  context_->file + ": input '" + inputs()[i].name + "' (" +
                      to_string(InputSignature{given}) +
                      ") cannot be read in place: expected memory of " + device().to_string() +
                      " at a multiple of " + std::to_string(kAlignment) + " bytes");
    }
  }
  const cuda::DeviceGuard current(context_->device);
  const auto gate = cuda::enter_capture(context_->device);
  return std::make_unique<CapturedExecutor>(context_, signature);
}

std::unique_ptr<EngineBackend> load_backend(const std::filesystem::path& path,
                                            const LoadOptions& options) {
  return std::make_unique<TensorRtEngine>(path, options);
}

std::unique_ptr<EngineBackend> load_plan(std::span<const std::byte> plan, const std::string& name,
                                         const LoadOptions& options) {
  return std::make_unique<TensorRtEngine>(plan, name, options);
}

std::shared_ptr<void> make_stream(const Device& device) {
  const cuda::DeviceGuard current(device.index);
  const auto stream = std::make_shared<cuda::Stream>(cuda::make_stream());
  return {stream, stream->get()};
}

BackendInfo describe() {
  BackendInfo info;
  info.name = "tensorrt";
  const cuda::DriverStatus driver = cuda::query_driver();
  if (!driver.usable()) {
    info.why_missing = driver.why_missing;
    return info;
  }
  try {
    info.version = Library::open()->version().to_string();
    for (const cuda::DeviceInfo& device : cuda::list_devices()) {
      info.devices.push_back(device.to_string());
    }
    info.available = true;
  } catch (const std::exception& error) {
    info.why_missing = error.what();
  }
  return info;
}

}  // namespace replayrt::tensorrt
