#include "backends/tensorrt/eager_executor.hpp"

#include <cstring>
#include <utility>

#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/nvtx.hpp"
#include "backends/cuda/stream_order.hpp"

namespace replayrt::tensorrt {

EagerExecutor::EagerExecutor(std::shared_ptr<EngineContext> engine)
    : engine_(std::move(engine)),
      seat_(cuda::ActivationArena::take_seat(engine_->arena, kEagerGroup)),
      auxiliary_(make_streams(auxiliary_streams(*engine_->engine))) {
  for (std::size_t i = 0; i < engine_->specs.outputs.specs.size(); ++i) {
    outputs_.emplace_back(*engine_, i);
  }
}

RunReport EagerExecutor::run(std::span<const TensorView> inputs, const RunContext& run,
                             TensorList& outputs) {
  const cuda::NvtxRange range("replayrt eager");
  const cuda::DeviceGuard device(engine_->device);
  cuda::refuse_captured_caller(run);
  outputs.clear();
  const InputSignature signature = signature_of(inputs);
  RunReport report;
  RunBlocks blocks(*engine_);
  const Staged staged = stage(inputs, blocks);
  std::shared_ptr<const cuda::Fence> fence;
  {
    const cuda::ActivationArena::Use use = seat_.use();
    const cudaStream_t stream = use.slot().stream;
    try {
      cuda::begin_after_caller(stream, run, engine_->fences);
      prepare(signature, stream);
      bind_inputs(inputs, staged, blocks, stream, report);
      bind_outputs(gives_device_memory(signature), run, stream);
      enqueue(stream);
      for (OutputMemory& output : outputs_) {
        outputs.push_back(output.end(blocks, report.bytes_copied));
      }
      fence = blocks.end_run(stream, run);
    } catch (...) {
      drain(stream, auxiliary_);
      for (OutputMemory& output : outputs_) {
        output.forget();
      }
      throw;
    }
  }
  if (run.synchronize) {
    wait(*fence, seat_.slot().stream);
  } else {
    pending_.set(fence, seat_.slot().stream);
  }
  report.completion = Completion(std::move(fence));
  return report;
}

EagerExecutor::Staged EagerExecutor::stage(std::span<const TensorView> inputs,
                                           RunBlocks& blocks) const {
  Staged staged;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    require_memory(*engine_, i, inputs[i]);
    if (inputs[i].device.type != DeviceType::kCpu) {
      staged.push_back(nullptr);
      continue;
    }
    void* block = blocks.pinned(room_for(inputs[i].dtype, inputs[i].shape));
    if (const std::size_t bytes = inputs[i].bytes(); bytes > 0) {
      std::memcpy(block, inputs[i].data, bytes);
    }
    staged.push_back(block);
  }
  return staged;
}

void EagerExecutor::prepare(const InputSignature& signature, cudaStream_t stream) {
  if (!context_.has_value()) {
    std::optional<ProfileBook::Hold> profile = engine_->profiles->move_eager(signature, {});
    context_.emplace(engine_, std::move(*profile), seat_.slot(), auxiliary_);
  } else if (auto profile = engine_->profiles->move_eager(signature, context_->profile())) {
    context_->change_profile(std::move(*profile), stream);
  }
  context_->set_shapes(signature);
}

void EagerExecutor::bind_inputs(std::span<const TensorView> inputs, const Staged& staged,
                                RunBlocks& blocks, cudaStream_t stream, RunReport& report) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorView& input = inputs[i];
    const void* address = staged[i] != nullptr ? staged[i] : input.data;
    const bool in_place = engine_->specs.inputs.on_host[i] ||
                          (staged[i] == nullptr && address != nullptr && is_aligned(address));
    if (!in_place) {
      const std::size_t bytes = input.bytes();
      void* block = blocks.device(room_for(input.dtype, input.shape), stream);
      copy(block, address, bytes,
           staged[i] != nullptr ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToDevice, stream);
      address = block;
    }
    if (!in_place || staged[i] != nullptr) {
      report.bytes_copied += input.bytes();
    }
    context_->set_input(i, address);
  }
}

void EagerExecutor::bind_outputs(bool on_device, const RunContext& run, cudaStream_t stream) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const std::optional<Shape> shape = context_->output_shape(i);
    void* address = outputs_[i].begin(shape, on_device, run, stream);
    if (!shape.has_value()) {
      context_->set_output_allocator(i, outputs_[i]);
    }
    context_->set_output(i, address);
  }
}

void EagerExecutor::enqueue(cudaStream_t stream) {
  try {
    context_->enqueue(stream);
  } catch (...) {
    for (const OutputMemory& output : outputs_) {
      output.rethrow_failure();  // Says more: what became of the memory that TensorRT asked for.
    }
    throw;
  }
}

}  // namespace replayrt::tensorrt
