#include "bare_engine.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "backends/cuda/check.hpp"
#include "backends/tensorrt/plan_file.hpp"

namespace replayrt::benchmarks {
namespace {

void require(bool done, const char* what) {
  if (!done) {
    throw std::runtime_error(std::string("TensorRT failed to ") + what);
  }
}

}  // namespace

BareEngine::BareEngine(const std::filesystem::path& plan) {
  const std::vector<std::byte> bytes = tensorrt::read_plan(plan);
  runtime_ = library_->create_runtime(logger_);
  engine_.reset(runtime_->deserializeCudaEngine(bytes.data(), bytes.size()));
  require(engine_ != nullptr, "load the plan");
  for (std::int32_t i = 0; i < engine_->getNbIOTensors(); ++i) {
    const char* name = engine_->getIOTensorName(i);
    if (engine_->getTensorIOMode(name) == nvinfer1::TensorIOMode::kOUTPUT) {
      outputs_.push_back(name);
    } else if (std::exchange(input_, name) != nullptr) {
      throw std::runtime_error("the plan has more than one input: expected one");
    }
  }
}

DType BareEngine::dtype(const char* tensor) const {
  return tensorrt::dtype_of_trt(engine_->getTensorDataType(tensor)).value();
}

std::int32_t BareEngine::take_profile() {
  if (tensorrt::kProfileSharing == tensorrt::ProfileSharing::kAlways) {
    return 0;
  }
  if (profiles_taken_ == engine_->getNbOptimizationProfiles()) {
    throw std::runtime_error("the plan has " + std::to_string(profiles_taken_) +
                             " optimization profiles: expected one for each context");
  }
  return profiles_taken_++;
}

BareContext::BareContext(BareEngine& engine, const Shape& input, void* workspace) {
  nvinfer1::ICudaEngine& native = engine.engine();
  if (workspace == nullptr) {
    context_.reset(native.createExecutionContext());
  } else {
    context_ = tensorrt::create_context(native);
  }
  require(context_ != nullptr, "make a context");
  if (workspace != nullptr) {
    tensorrt::set_activation_memory(*context_, workspace, tensorrt::activation_bytes(native));
  }
  const cuda::Stream stream = cuda::make_stream();
  require(context_->setOptimizationProfileAsync(engine.take_profile(), stream.get()),
          "use a profile");
  cuda::check(cudaStreamSynchronize(stream.get()), "cudaStreamSynchronize");

  const auto make_port = [&](const char* name, const Shape& shape) {
    const DType dtype = engine.dtype(name);
    const std::size_t bytes = packed_bytes(dtype, shape.num_elements());
    return Port{name, shape, dtype, bytes,
                cuda::make_device_memory(std::max<std::size_t>(bytes, 1))};
  };
  input_ = make_port(engine.input(), input);
  require(context_->setInputShape(input_.name, tensorrt::dims_of(input)), "take the shape");
  for (const char* name : engine.outputs()) {
    outputs_.push_back(make_port(name, shape_of(name)));
  }
  set(input);
}

Shape BareContext::shape_of(const char* name) const {
  const std::optional<Shape> shape = tensorrt::shape_of(context_->getTensorShape(name));
  require(shape.has_value(), "tell the shape of an output");
  return *shape;
}

Shape BareContext::output_shape(std::size_t index) const {
  return shape_of(outputs_[index].name);
}

std::size_t BareContext::io_bytes() const noexcept {
  std::size_t sum = input_.bytes;
  for (const Port& output : outputs_) {
    sum += output.bytes;
  }
  return sum;
}

void BareContext::set(const Shape& input) {
  require(context_->setInputShape(input_.name, tensorrt::dims_of(input)), "take the shape");
  require(context_->setInputTensorAddress(input_.name, input_.memory.get()), "take an address");
  for (const Port& output : outputs_) {
    require(context_->setTensorAddress(output.name, output.memory.get()), "take an address");
  }
}

void BareContext::enqueue(cudaStream_t stream) {
  require(context_->enqueueV3(stream), "run");
}

cuda::GraphExec BareContext::capture(cudaStream_t stream) {
  enqueue(stream);
  cuda::check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  cuda::check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
              "cudaStreamBeginCapture");
  enqueue(stream);
  cudaGraph_t graph = nullptr;
  cuda::check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
  cuda::GraphExec exec = cuda::make_executable(cuda::Graph(graph), stream);
  cuda::check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  return exec;
}

}  // namespace replayrt::benchmarks
