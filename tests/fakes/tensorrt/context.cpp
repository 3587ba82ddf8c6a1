#include "fakes/tensorrt/context.hpp"

#include <algorithm>
#include <cstdint>

#include "fakes/cuda/control.hpp"
#include "fakes/tensorrt/state.hpp"

namespace replayrt::fakes::tensorrt {
namespace {

/// Tells, too, if another device is current.
bool current_device_is(int device, const char* doing) {
  int current = -1;
  if (cudaGetDevice(&current) != cudaSuccess) {
    return false;
  }
  if (current != device) {
    State::instance().violate(std::string(doing) + " while another device is current");
  }
  return current == device;
}

/// TensorRT 8.5 has none.
std::uint32_t auxiliary_streams(const Model& model) {
  return REPLAYRT_FAKE_TENSORRT >= 806 ? model.plan.auxiliary_streams : 0;
}

}  // namespace

Context::Visit::Visit(const Context& context) : context_(context) {
  if (context_.visited_.exchange(true)) {
    State::instance().violate("an execution context is used by two threads at once");
  }
}

Context::Context(std::shared_ptr<Model> model)
    : model_(std::move(model)),
      inputs_(model_->plan.inputs.size()),
      outputs_(model_->plan.outputs.size()) {
  forget_shapes();
  ++model_->contexts;
  ++State::instance().contexts;
}

Context* Context::create(std::shared_ptr<Model> model, std::uint64_t own_bytes) noexcept {
  if (!may_proceed(model->logger, "createExecutionContext")) {
    return nullptr;
  }
  std::unique_ptr<Context> context(new Context(model));
  bool made = current_device_is(model->device, "an execution context is made") &&
              cudaMalloc(reinterpret_cast<void**>(&context->parameters_), 256) == cudaSuccess &&
              cudaMalloc(reinterpret_cast<void**>(&context->profile_data_), 256) == cudaSuccess &&
              cudaMalloc(&context->own_activation_, own_bytes) == cudaSuccess &&
              cudaEventCreateWithFlags(&context->fork_, cudaEventDisableTiming) == cudaSuccess;
  context->activation_ = context->own_activation_;
  for (std::uint32_t i = 0; made && i < auxiliary_streams(*model); ++i) {
    cudaEvent_t join = nullptr;
    cudaStream_t stream = nullptr;
    made = cudaEventCreateWithFlags(&join, cudaEventDisableTiming) == cudaSuccess;
    if (made) {
      context->joins_.push_back(join);
      made = cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess;
    }
    if (made) {
      context->own_auxiliary_.push_back(stream);
    }
  }
  if (!made) {
    report(model->logger, "createExecutionContext",
           "Error Code 2: OutOfMemory (Requested size was 256 bytes.)");
    return nullptr;
  }
  context->auxiliary_ = context->own_auxiliary_;
  // The first context gets profile 0 by itself; where profiles are shared, all do.
  const std::lock_guard lock(model->mutex);
  if (REPLAYRT_FAKE_TENSORRT >= 1000 || model->plan.shares_profiles || !model->is_dynamic() ||
      model->profile_users.front() == nullptr) {
    context->profile_ = 0;
    *context->profile_data_ = 0;
    model->profile_users.front() = context.get();
  }
  return context.release();
}

Context::~Context() noexcept {
  current_device_is(model_->device, "an execution context ends");
  {
    const std::lock_guard lock(model_->mutex);
    std::ranges::replace(model_->profile_users, static_cast<const void*>(this),
                         static_cast<const void*>(nullptr));
  }
  for (cudaStream_t stream : own_auxiliary_) {
    cudaStreamDestroy(stream);
  }
  for (cudaEvent_t event : joins_) {
    cudaEventDestroy(event);
  }
  if (fork_ != nullptr) {
    cudaEventDestroy(fork_);
  }
  cudaFree(own_activation_);
  cudaFree(parameters_);
  cudaFree(profile_data_);
  --model_->contexts;
  --State::instance().contexts;
}

bool Context::fail(const char* function, const std::string& text) const noexcept {
  report(model_->logger, function, text);
  return false;
}

void Context::forget_shapes() {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    inputs_[i].shape = network_shape(model_->plan.inputs[i]);
    inputs_[i].known = std::ranges::count(inputs_[i].shape, -1) == 0;
  }
  shapes_changed_ = true;
}

std::string Context::what_is_missing() const {
  if (profile_ < 0) {
    return "no optimization profile was set";
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::string& name = model_->plan.inputs[i].name;
    if (!inputs_[i].known) {
      return "the shape of input " + name + " is not set";
    }
    if (inputs_[i].address == nullptr) {
      return "the address of input " + name + " is not set";
    }
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].address == nullptr && outputs_[i].allocator == nullptr) {
      return "output " + model_->plan.outputs[i].name + " has neither an address nor an allocator";
    }
  }
  if (!model_->can_run(shapes(), host_values())) {
    return "the shapes, or the values that shapes depend on, do not go together";
  }
  const std::uint64_t needed = model_->activation_bytes(shapes());
  if (needed > 0 && activation_ == nullptr) {
    return "no device memory was set";
  }
  if (activation_bytes_ >= 0 && static_cast<std::uint64_t>(activation_bytes_) < needed) {
    return "the device memory is " + std::to_string(activation_bytes_) + " bytes, " +
           std::to_string(needed) + " are needed";
  }
  return !is_aligned(activation_) ? "the device memory is not aligned" : "";
}

Run Context::describe_run() const {
  Run run;
  run.model = model_;
  run.input_shapes = shapes();
  for (const InputState& input : inputs_) {
    run.inputs.push_back(input.address);
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    run.output_shapes.push_back(model_->output_shape(i, run.input_shapes, host_values()));
    run.outputs.push_back(outputs_[i].address);
  }
  run.activation = static_cast<std::byte*>(activation_);
  run.activation_bytes = model_->activation_bytes(run.input_shapes);
  run.parameters = parameters_;
  run.profile = profile_data_;
  return run;
}

/// Outputs whose shape the values tell: TensorRT, too, waits for the device before it asks for
/// memory.
bool Context::allocate_outputs(Run& run, cudaStream_t stream) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (std::ranges::count(run.output_shapes[i], -1) == 0) {
      continue;
    }
    nvinfer1::IOutputAllocator* allocator = outputs_[i].allocator;
    if (allocator == nullptr || cudaStreamSynchronize(stream) != cudaSuccess) {
      return fail("enqueueV3", "Error Code 1: the shape of an output is not known");
    }
    run.output_shapes[i] = {count_non_zero(run)};
#if REPLAYRT_FAKE_TENSORRT < 806
    // Unlike what its header says, 8.5.3 asks for no memory for an empty output.
    if (run.output_shapes[i].front() == 0) {
      allocator->notifyShape(model_->plan.outputs[i].name.c_str(), dims_of(run.output_shapes[i]));
      continue;
    }
#endif
    const char* name = model_->plan.outputs[i].name.c_str();
    // Never 0 bytes.
    const std::uint64_t bytes =
        std::max<std::uint64_t>(bytes_of(model_->plan.outputs[i].dtype, run.output_shapes[i]), 1);
#if REPLAYRT_FAKE_TENSORRT >= 1000
    run.outputs[i] =
        allocator->reallocateOutputAsync(name, outputs_[i].address, bytes, kAlignment, stream);
#else
    run.outputs[i] = allocator->reallocateOutput(name, outputs_[i].address, bytes, kAlignment);
#endif
    if (run.outputs[i] == nullptr) {
      return fail("enqueueV3", std::string("Error Code 2: OutOfMemory (output ") + name + ")");
    }
    allocator->notifyShape(name, dims_of(run.output_shapes[i]));
  }
  return true;
}

/// The first enqueue after a change of shapes allocates, and derives what the kernels use from the
/// shapes: a graph made before uses that, too, from now on.
bool Context::update_resources(const Run& run, cudaStream_t stream) {
  if (!shapes_changed_) {
    return true;
  }
  void* scratch = nullptr;
  if (cudaMalloc(&scratch, 256) != cudaSuccess) {
    return fail("enqueueV3", "Error Code 1: Cuda Runtime (cudaMalloc failed)");
  }
  cudaFree(scratch);
  if (launch_setup(run, stream) != cudaSuccess) {
    return fail("enqueueV3", "Error Code 1: Cuda Runtime (launch failed)");
  }
  shapes_changed_ = false;
  return true;
}

bool Context::enqueueV3(cudaStream_t stream) noexcept {
  const Visit visit(*this);
  if (!may_proceed(model_->logger, "enqueueV3")) {
    return false;
  }
  if (!current_device_is(model_->device, "enqueueV3")) {
    return fail("enqueueV3", "Error Code 1: Cuda Runtime (wrong device)");
  }
  if (const std::string missing = what_is_missing(); !missing.empty()) {
    return fail("enqueueV3", "Error Code 3: API Usage Error (" + missing + ")");
  }
  if (model_->plan.captures_nothing) {
    return true;
  }
  Run run = describe_run();
  if (!update_resources(run, stream) || !allocate_outputs(run, stream)) {
    return false;
  }
  if (model_->plan.plugin_synchronizes && cudaStreamSynchronize(stream) != cudaSuccess) {
    return fail("enqueueV3", "Error Code 1: a plugin failed");
  }
  if (launch(run, stream, auxiliary_, fork_, joins_) != cudaSuccess) {
    return fail("enqueueV3", "Error Code 1: Cuda Runtime (launch failed)");
  }
  return true;
}

}  // namespace replayrt::fakes::tensorrt
