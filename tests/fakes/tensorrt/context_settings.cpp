// What a run is set up with: profile, shapes, addresses, memory and streams.

#include <algorithm>

#include "fakes/cuda/control.hpp"
#include "fakes/tensorrt/context.hpp"
#include "fakes/tensorrt/state.hpp"

namespace replayrt::fakes::tensorrt {

bool Context::setOptimizationProfileAsync(std::int32_t profile, cudaStream_t stream) noexcept {
  const Visit visit(*this);
  return may_proceed(model_->logger, "setOptimizationProfileAsync") &&
         choose_profile(profile, stream);
}

bool Context::choose_profile(std::int32_t profile, cudaStream_t stream) {
  constexpr const char* kName = "setOptimizationProfileAsync";
  if (profile < 0 || static_cast<std::size_t>(profile) >= model_->profile_users.size()) {
    return fail(kName, "Error Code 3: API Usage Error (profile index out of range)");
  }
  {
    const std::lock_guard lock(model_->mutex);
    const void*& user = model_->profile_users[static_cast<std::size_t>(profile)];
    const bool shared = REPLAYRT_FAKE_TENSORRT >= 1000 || model_->plan.shares_profiles;
    if (!shared && user != nullptr && user != this) {
      return fail(kName, "Error Code 3: API Usage Error (Profile " + std::to_string(profile) +
                             " has been chosen by another IExecutionContext.)");
    }
    std::ranges::replace(model_->profile_users, static_cast<const void*>(this),
                         static_cast<const void*>(nullptr));
    user = this;
  }
  const cudaError_t error =
      cuda::launch_kernel(stream, {.name = "tensorrt profile",
                                   .run = [to = profile_data_, profile] { *to = profile; },
                                   .writes = {{profile_data_, sizeof(int)}}});
  if (error != cudaSuccess) {
    return fail(kName, std::string("Error Code 1: Cuda Runtime (") + cudaGetErrorName(error) + ")");
  }
  profile_ = profile;
  forget_shapes();
  return true;
}

bool Context::setInputShape(char const* name, nvinfer1::Dims const& dims) noexcept {
  const Visit visit(*this);
  if (!may_proceed(model_->logger, "setInputShape")) {
    return false;
  }
  const auto index = model_->input(name);
  const std::string what = "Error Code 3: API Usage Error (input " + std::string(name);
  if (!index.has_value() || profile_ < 0) {
    return fail("setInputShape", what + ": no such input, or no profile was set)");
  }
  const Extents wanted(dims.d, dims.d + std::max(dims.nbDims, 0));
  const auto& ranges = model_->plan.inputs[*index].profiles[static_cast<std::size_t>(profile_)];
  bool fits = dims.nbDims == static_cast<std::int32_t>(ranges.size());
  for (std::size_t axis = 0; fits && axis < ranges.size(); ++axis) {
    fits = wanted[axis] >= ranges[axis].min && wanted[axis] <= ranges[axis].max;
  }
  if (!fits) {
    return fail("setInputShape", what + ": shape " + to_string(wanted) +
                                     " satisfies not the bounds of profile " +
                                     std::to_string(profile_) + ")");
  }
  InputState& input = inputs_[*index];
  if (!input.known || input.shape != wanted) {
    input = {wanted, true, input.address};
    shapes_changed_ = true;
  }
  return true;
}

std::vector<Extents> Context::shapes() const {
  std::vector<Extents> shapes;
  for (const InputState& input : inputs_) {
    shapes.push_back(input.shape);
  }
  return shapes;
}

const std::int32_t* Context::host_values() const {
  return inputs_.size() > 1 && model_->is_host_input(1)
             ? static_cast<const std::int32_t*>(inputs_[1].address)
             : nullptr;
}

nvinfer1::Dims Context::getTensorShape(char const* name) const noexcept {
  if (const auto index = model_->input(name)) {
    return dims_of(inputs_[*index].shape);
  }
  if (const auto index = model_->output(name)) {
    return dims_of(model_->output_shape(*index, shapes(), host_values()));
  }
  nvinfer1::Dims none{};
  none.nbDims = -1;
  return none;
}

bool Context::set_address(const char* function, char const* name, void const* data,
                          bool input_only) {
  const Visit visit(*this);
  if (!may_proceed(model_->logger, function)) {
    return false;
  }
  const auto input = model_->input(name);
  const auto output = model_->output(name);
  if (!input.has_value() && (input_only || !output.has_value())) {
    return fail(function, std::string("Error Code 3: API Usage Error (no tensor ") + name + ")");
  }
  const bool on_host = input.has_value() && model_->is_host_input(*input);
  if (!on_host && !is_aligned(data)) {
    return fail(function, std::string("Error Code 3: API Usage Error (the address of ") + name +
                              " is not aligned to 256 bytes)");
  }
  if (input.has_value()) {
    inputs_[*input].address = data;
  } else {
    outputs_[*output].address = const_cast<void*>(data);
  }
  return true;
}

bool Context::setTensorAddress(char const* name, void* data) noexcept {
  return set_address("setTensorAddress", name, data, false);
}

bool Context::setInputTensorAddress(char const* name, void const* data) noexcept {
  return set_address("setInputTensorAddress", name, data, true);
}

bool Context::setOutputAllocator(char const* name, nvinfer1::IOutputAllocator* allocator) noexcept {
  const Visit visit(*this);
  if (!may_proceed(model_->logger, "setOutputAllocator")) {
    return false;
  }
  const auto index = model_->output(name);
  if (!index.has_value()) {
    return fail("setOutputAllocator",
                std::string("Error Code 3: API Usage Error (no output ") + name + ")");
  }
  outputs_[*index].allocator = allocator;
  return true;
}

void Context::setDeviceMemory(void* memory) noexcept {
  const Visit visit(*this);
  activation_ = memory;
  activation_bytes_ = -1;
}

#if REPLAYRT_FAKE_TENSORRT >= 1001
void Context::setDeviceMemoryV2(void* memory, std::int64_t size) noexcept {
  setDeviceMemory(memory);
  activation_bytes_ = size;
}
#endif

#if REPLAYRT_FAKE_TENSORRT >= 806
void Context::setAuxStreams(cudaStream_t* streams, std::int32_t count) noexcept {
  const Visit visit(*this);
  const std::size_t given = std::min(static_cast<std::size_t>(count), own_auxiliary_.size());
  auxiliary_ = own_auxiliary_;
  std::copy_n(streams, given, auxiliary_.begin());
}
#endif

}  // namespace replayrt::fakes::tensorrt
