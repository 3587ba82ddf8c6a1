#include "backends/tensorrt/execution_context.hpp"

#include <utility>

#include "backends/tensorrt/on_device.hpp"

namespace replayrt::tensorrt {

template <class Call>
void ExecutionContext::require(Call call, const std::string& doing) const {
  const Logger::Recording said(engine_->logger);
  if (!call()) {
    throw Error(ErrorCode::kModelRuntime,
                with_messages(engine_->file + ": TensorRT failed to " + doing, said));
  }
}

ExecutionContext::ExecutionContext(std::shared_ptr<EngineContext> engine, ProfileBook::Hold profile,
                                   const cuda::ActivationArena::Slot& slot,
                                   std::span<const cuda::Stream> auxiliary)
    : engine_(std::move(engine)) {
  // One at a time: before 8.6 a new context takes profile 0 until it gets its own.
  const std::lock_guard lock(engine_->making_contexts);
  require(
      [&] {
        context_ = create_context(*engine_->engine);
        return context_ != nullptr;
      },
      "make an execution context");
  set_activation_memory(*context_, slot.memory, slot.bytes);
  use_auxiliary(auxiliary);
  change_profile(std::move(profile), slot.stream);
}

ExecutionContext::~ExecutionContext() {
  end_on_device(engine_->device, [this] { context_.reset(); });
}

void ExecutionContext::change_profile(ProfileBook::Hold profile, cudaStream_t stream) {
  // Without dynamic shapes there is one, which every context uses.
  if (engine_->is_dynamic() && context_->getOptimizationProfile() != profile.index()) {
    require([&] { return context_->setOptimizationProfileAsync(profile.index(), stream); },
            "use optimization profile " + std::to_string(profile.index()));
  }
  std::swap(profile_, profile);  // The one before ends here: TensorRT does not use it any more.
}

void ExecutionContext::use_auxiliary(std::span<const cuda::Stream> streams) {
  auxiliary_.clear();
  for (const cuda::Stream& stream : streams) {
    auxiliary_.push_back(stream.get());
  }
  if (!auxiliary_.empty()) {
    set_auxiliary_streams(*context_, auxiliary_);
  }
}

const char* ExecutionContext::input(std::size_t index) const {
  return engine_->specs.inputs.specs[index].name.c_str();
}

const char* ExecutionContext::output(std::size_t index) const {
  return engine_->specs.outputs.specs[index].name.c_str();
}

void ExecutionContext::set_shapes(const InputSignature& signature) {
  for (std::size_t i = 0; i < signature.size(); ++i) {
    require([&] { return context_->setInputShape(input(i), dims_of(signature[i].shape)); },
            std::string("take shape ") + signature[i].shape.to_string() + " for input '" +
                input(i) + "'");
  }
}

void ExecutionContext::set_input(std::size_t index, const void* data) {
  require([&] { return context_->setInputTensorAddress(input(index), data); },
          std::string("take the memory of input '") + input(index) + "'");
}

void ExecutionContext::set_output(std::size_t index, void* data) {
  require([&] { return context_->setTensorAddress(output(index), data); },
          std::string("take the memory of output '") + output(index) + "'");
}

void ExecutionContext::set_output_allocator(std::size_t index, OutputAllocator& allocator) {
  require([&] { return context_->setOutputAllocator(output(index), &allocator); },
          std::string("take an allocator for output '") + output(index) + "'");
}

std::optional<Shape> ExecutionContext::output_shape(std::size_t index) const {
  return shape_of(context_->getTensorShape(output(index)));
}

void ExecutionContext::enqueue(cudaStream_t stream) {
  require([&] { return context_->enqueueV3(stream); }, "run");
}

}  // namespace replayrt::tensorrt
