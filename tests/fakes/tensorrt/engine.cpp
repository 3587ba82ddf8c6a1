// The double's engine, runtime, and the functions that the library exports.

#include <NvInferRuntime.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>

#include "fakes/tensorrt/context.hpp"
#include "fakes/tensorrt/model.hpp"
#include "fakes/tensorrt/state.hpp"

namespace replayrt::fakes::tensorrt {
namespace {

using nvinfer1::DataType;
using nvinfer1::Dims;

DataType type_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return DataType::kFLOAT;
    case DType::kF16:
      return DataType::kHALF;
    case DType::kI8:
      return DataType::kINT8;
    case DType::kI32:
      return DataType::kINT32;
    case DType::kBool:
      return DataType::kBOOL;
    case DType::kU8:
      return DataType::kUINT8;
#if REPLAYRT_FAKE_TENSORRT >= 806
    case DType::kF8e4m3:
      return DataType::kFP8;
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1000
    case DType::kBf16:
      return DataType::kBF16;
    case DType::kI64:
      return DataType::kINT64;
    case DType::kI4:
      return DataType::kINT4;
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1008
    case DType::kF4e2m1:
      return DataType::kFP4;
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1012
    case DType::kE8m0:
      return DataType::kE8M0;
#endif
    default:
      return static_cast<DataType>(99);  // A type of some later version.
  }
}

class Engine final : public nvinfer1::ICudaEngine {
 public:
  explicit Engine(std::shared_ptr<Model> model) : model_(std::move(model)) {
    ++State::instance().engines;
  }
  ~Engine() noexcept override {
    if (model_->contexts > 0) {
      State::instance().violate("an engine ends before its execution contexts");
    }
    int device = -1;
    if (cudaGetDevice(&device) == cudaSuccess && device != model_->device) {
      State::instance().violate("an engine ends while another device is current");
    }
    cudaFree(model_->weights);
    --State::instance().engines;
  }

  std::int32_t getNbIOTensors() const noexcept override {
    return static_cast<std::int32_t>(model_->plan.inputs.size() + model_->plan.outputs.size());
  }
  char const* getIOTensorName(std::int32_t index) const noexcept override {
    const auto at = static_cast<std::size_t>(index);
    const std::size_t inputs = model_->plan.inputs.size();
    return at < inputs ? model_->plan.inputs[at].name.c_str()
                       : model_->plan.outputs[at - inputs].name.c_str();
  }
  nvinfer1::TensorIOMode getTensorIOMode(char const* name) const noexcept override {
    return model_->input(name).has_value()    ? nvinfer1::TensorIOMode::kINPUT
           : model_->output(name).has_value() ? nvinfer1::TensorIOMode::kOUTPUT
                                              : nvinfer1::TensorIOMode::kNONE;
  }
  Dims getTensorShape(char const* name) const noexcept override {
    std::vector<Extents> inputs;
    for (const Input& input : model_->plan.inputs) {
      inputs.push_back(network_shape(input));
    }
    if (const auto index = model_->input(name)) {
      return dims_of(inputs[*index]);
    }
    return dims_of(model_->output_shape(*model_->output(name), inputs, nullptr));
  }
  DataType getTensorDataType(char const* name) const noexcept override {
    const auto index = model_->input(name);
    return type_of(index.has_value() ? model_->plan.inputs[*index].dtype
                                     : model_->plan.outputs[*model_->output(name)].dtype);
  }
  nvinfer1::TensorLocation getTensorLocation(char const* name) const noexcept override {
    const auto index = model_->input(name);
    return index.has_value() && model_->is_host_input(*index) ? nvinfer1::TensorLocation::kHOST
                                                              : nvinfer1::TensorLocation::kDEVICE;
  }
  nvinfer1::TensorFormat getTensorFormat(char const* name) const noexcept override {
    return model_->plan.blocked_format && model_->input(name) == 0U
               ? nvinfer1::TensorFormat::kCHW32
               : nvinfer1::TensorFormat::kLINEAR;
  }
  char const* getTensorFormatDesc(char const* name) const noexcept override {
    return getTensorFormat(name) == nvinfer1::TensorFormat::kLINEAR
               ? "Row major linear FP32 format (kLINEAR)"
               : "Thirty-two wide channel vectorized row major FP32 format (kCHW32)";
  }
  std::int32_t getNbOptimizationProfiles() const noexcept override {
    return static_cast<std::int32_t>(model_->profile_users.size());
  }
  Dims getProfileShape(char const* name, std::int32_t profile,
                       nvinfer1::OptProfileSelector select) const noexcept override {
    const auto index = model_->input(name);
    if (!index.has_value() || profile < 0 || profile >= getNbOptimizationProfiles()) {
      Dims none{};
      none.nbDims = -1;
      return none;
    }
    Extents shape;
    for (const Range& range :
         model_->plan.inputs[*index].profiles[static_cast<std::size_t>(profile)]) {
      shape.push_back(select == nvinfer1::OptProfileSelector::kMIN   ? range.min
                      : select == nvinfer1::OptProfileSelector::kOPT ? range.opt
                                                                     : range.max);
    }
    return dims_of(shape);
  }
#if REPLAYRT_FAKE_TENSORRT >= 1000
  nvinfer1::IExecutionContext* createExecutionContext(
      nvinfer1::ExecutionContextAllocationStrategy strategy) noexcept override {
    switch (strategy) {
      case nvinfer1::ExecutionContextAllocationStrategy::kSTATIC:
        return Context::create(model_, largest_activation());
      case nvinfer1::ExecutionContextAllocationStrategy::kUSER_MANAGED:
        return Context::create(model_, 0);
      default:
        report(model_->logger, "createExecutionContext", "the double does not know this strategy");
        return nullptr;
    }
  }
#else
  nvinfer1::IExecutionContext* createExecutionContext() noexcept override {
    return Context::create(model_, largest_activation());
  }
  nvinfer1::IExecutionContext* createExecutionContextWithoutDeviceMemory() noexcept override {
    return Context::create(model_, 0);
  }
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1001
  std::int64_t getDeviceMemorySizeV2() const noexcept override {
    return static_cast<std::int64_t>(largest_activation());
  }
#else
  std::size_t getDeviceMemorySize() const noexcept override {
    return largest_activation();
  }
#endif
#if REPLAYRT_FAKE_TENSORRT >= 806
  std::int32_t getNbAuxStreams() const noexcept override {
    return static_cast<std::int32_t>(model_->plan.auxiliary_streams);
  }
#endif

 private:
  [[nodiscard]] std::uint64_t largest_activation() const {
    std::uint64_t largest = 0;
    for (std::size_t profile = 0; profile < model_->profile_users.size(); ++profile) {
      largest = std::max(largest, model_->activation_bytes_of(profile));
    }
    return largest;
  }

  const std::shared_ptr<Model> model_;
};

class Runtime final : public nvinfer1::IRuntime {
 public:
  explicit Runtime(nvinfer1::ILogger& logger) : logger_(logger) { ++State::instance().runtimes; }
  ~Runtime() noexcept override { --State::instance().runtimes; }

  nvinfer1::ICudaEngine* deserializeCudaEngine(void const* blob,
                                               std::size_t size) noexcept override {
    if (!may_proceed(logger_, "deserializeCudaEngine")) {
      return nullptr;
    }
    auto parsed = parse({static_cast<const std::byte*>(blob), size});
    if (const auto* why = std::get_if<std::string>(&parsed)) {
      return refuse("Error Code 1: Serialization (Serialization assertion failed. " + *why + ")");
    }
    return make(std::get<Plan>(std::move(parsed)));
  }
#if REPLAYRT_FAKE_TENSORRT >= 806
  void setEngineHostCodeAllowed(bool allowed) noexcept override {
    host_code_allowed_ = allowed;
  }
#endif

 private:
  nvinfer1::ICudaEngine* refuse(const std::string& text) const {
    const std::string message = "IRuntime::deserializeCudaEngine: " + text;
    logger_.log(nvinfer1::ILogger::Severity::kERROR, message.c_str());
    return nullptr;
  }

  nvinfer1::ICudaEngine* make(Plan plan) const {
    if (plan.version != 0 && plan.version != kVersion) {
      return refuse(
          "Error Code 6: The engine plan file is not compatible with this version of TensorRT, "
          "expecting library version " +
          std::to_string(kVersion) + " got " + std::to_string(plan.version) + ", please rebuild.");
    }
    if (plan.gpu != 90) {
      return refuse(
          "Error Code 6: The engine plan file is generated on an incompatible device, expecting "
          "compute 9.0 got compute " +
          std::to_string(plan.gpu / 10) + "." + std::to_string(plan.gpu % 10) +
          ", please rebuild.");
    }
    if (plan.needs_host_code && !host_code_allowed_) {
      return refuse("Error Code 3: API Usage Error (host code in the engine is not allowed)");
    }
    int device = -1;
    float* weights = nullptr;
    if (cudaGetDevice(&device) != cudaSuccess ||
        cudaMalloc(reinterpret_cast<void**>(&weights), 1024) != cudaSuccess) {
      return refuse("Error Code 2: OutOfMemory (Requested size was 1024 bytes.)");
    }
    *weights = plan.salt;  // Device memory of the double is host memory.
    auto model = std::make_shared<Model>(std::move(plan), logger_, device);
    model->weights = weights;
    model->profile_users.resize(model->plan.inputs.front().profiles.size());
    logger_.log(nvinfer1::ILogger::Severity::kINFO, "Loaded engine size: 0 MiB");
    return new Engine(std::move(model));
  }

  nvinfer1::ILogger& logger_;
  bool host_code_allowed_ = false;
};

}  // namespace
}  // namespace replayrt::fakes::tensorrt

namespace fake = replayrt::fakes::tensorrt;

extern "C" __attribute__((visibility("default"))) void* createInferRuntime_INTERNAL(
    void* logger, std::int32_t version) noexcept {
  if (logger == nullptr || version > fake::kVersion) {
    return nullptr;
  }
  auto& log = *static_cast<nvinfer1::ILogger*>(logger);
  // As the caller sees it: a pointer to the interface, not to what implements it.
  return fake::may_proceed(log, "createInferRuntime")
             ? static_cast<nvinfer1::IRuntime*>(new fake::Runtime(log))
             : nullptr;
}

extern "C" __attribute__((visibility("default"))) std::int32_t getInferLibVersion() noexcept {
  return fake::kVersion;
}
