#include "backends/tensorrt/captured_executor.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <utility>

#include "backends/cuda/check.hpp"
#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/nvtx.hpp"
#include "backends/cuda/stream_capture.hpp"
#include "backends/cuda/stream_order.hpp"
#include "backends/tensorrt/eager_executor.hpp"
#include "backends/tensorrt/run_support.hpp"

namespace replayrt::tensorrt {
namespace {

/// Instances of one key are of one group, so that they lie on different slots.
std::uint64_t group_of(const InputSignature& signature) {
  const std::uint64_t hash = std::hash<std::string>()(to_string(signature));
  return hash == kEagerGroup ? hash + 1 : hash;
}

std::size_t aligned(std::size_t bytes) noexcept {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

void fill_zero(void* memory, std::size_t bytes, cudaStream_t stream) {
  if (bytes > 0) {
    cuda::check(cudaMemsetAsync(memory, 0, bytes, stream), "cudaMemsetAsync");
  }
}

/// Cuts memory into parts, one after the other.
class Parts {
 public:
  explicit Parts(void* memory) noexcept : next_(static_cast<std::byte*>(memory)) {}
  void* take(std::size_t bytes) noexcept { return std::exchange(next_, next_ + bytes); }

 private:
  std::byte* next_;
};

}  // namespace

CapturedExecutor::Port::Port(DType type, const Shape& extents)
    : dtype(type),
      shape(extents),
      bytes(packed_bytes(type, extents.num_elements())),
      room(aligned(room_for(type, extents))) {}

CapturedExecutor::CapturedExecutor(std::shared_ptr<EngineContext> engine,
                                   const InputSignature& signature)
    : engine_(std::move(engine)),
      seat_(cuda::ActivationArena::take_seat(engine_->arena, group_of(signature))),
      gives_device_memory_(gives_device_memory(signature)) {
  const cuda::NvtxRange range("replayrt capture");
  EngineContext::CaptureStreams& streams = engine_->capture_streams;
  if (!streams.main) {
    streams.auxiliary = make_streams(auxiliary_streams(*engine_->engine));
    streams.main = cuda::make_stream();
  }
  // The caller's memory may be gone by now: a capture in the background comes after its call.
  // They end after the drain.
  StandIns stand_ins;
  try {
    ProfileBook::Hold profile = engine_->profiles->hold_for_graph(signature);
    {
      const cuda::ActivationArena::Use use = seat_.use();
      context_ = std::make_unique<ExecutionContext>(engine_, std::move(profile), use.slot(),
                                                    streams.auxiliary);
    }
    context_->set_shapes(signature);
    make_tensors(signature);
    stand_ins = make_stand_ins();
    warm_up(stand_ins.on_device());
    record(stand_ins);
  } catch (...) {
    // What was enqueued so far uses what ends now.
    drain(seat_.slot().stream, streams.auxiliary);
    cuda::drain(streams.main.get());
    throw;
  }
}

void CapturedExecutor::make_tensors(const InputSignature& signature) {
  for (const TensorSignature& input : signature) {
    Port& port = inputs_.emplace_back(input.dtype, input.shape);
    port.in_place = input.address;
    device_bytes_ += port.in_place == nullptr ? port.room : 0;
    pinned_bytes_ += input.memory == DeviceType::kCpu ? port.room : 0;
  }
  for (std::size_t i = 0; i < engine_->specs.outputs.specs.size(); ++i) {
    const std::optional<Shape> shape = context_->output_shape(i);
    const TensorSpec& spec = engine_->specs.outputs.specs[i];
    if (!shape.has_value()) {
      throw CaptureRefused(Reason::kDataDependentShape,
                           engine_->file + ": the shape of output '" + spec.name +
                               "' depends on the values of the inputs");
    }
    device_bytes_ += outputs_.emplace_back(spec.dtype, *shape).room;
  }
  device_memory_ = cuda::make_device_memory(device_bytes_);
  pinned_memory_ = cuda::make_pinned_memory(pinned_bytes_);
  Parts device(device_memory_.get());
  Parts pinned(pinned_memory_.get());
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Port& port = inputs_[i];
    if (port.in_place == nullptr) {
      port.device = device.take(port.room);
      context_->set_input(i, port.device);
    }
    if (signature[i].memory == DeviceType::kCpu) {
      port.pinned = pinned.take(port.room);
    }
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    outputs_[i].device = device.take(outputs_[i].room);
    context_->set_output(i, outputs_[i].device);
  }
}

std::size_t CapturedExecutor::in_place_bytes() const noexcept {
  std::size_t largest = 0;
  for (const Port& input : inputs_) {
    largest = std::max(largest, input.in_place != nullptr ? input.room : 0);
  }
  return largest;
}

CapturedExecutor::StandIns CapturedExecutor::make_stand_ins() const {
  std::size_t device = 0;
  std::size_t pinned = 0;
  for (const Port& input : inputs_) {
    device = std::max(device, input.pinned == nullptr ? input.room : 0);
  }
  for (const Port& output : outputs_) {
    std::size_t& where = gives_device_memory_ ? device : pinned;
    where = std::max(where, output.room);
  }
  StandIns made;
  if (device > 0) {
    made.device = engine_->device_blocks.acquire(device, RunContext{}, seat_.slot().stream);
  }
  if (pinned > 0) {
    made.pinned = engine_->pinned_blocks.acquire(pinned, RunContext{}, seat_.slot().stream);
  }
  return made;
}

void CapturedExecutor::set_in_place(const void* stand_in) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].in_place != nullptr) {
      context_->set_input(i, stand_in != nullptr ? stand_in : inputs_[i].in_place);
    }
  }
}

void CapturedExecutor::warm_up(void* stand_in) {
  // TensorRT allocates on the first enqueue after a change of shapes, which no capture may hold.
  set_in_place(stand_in);
  std::shared_ptr<const cuda::Fence> done;
  {
    const cuda::ActivationArena::Use use = seat_.use();
    const cudaStream_t stream = use.slot().stream;
    // Zeros: an index that is garbage could be followed out of bounds.
    fill_zero(device_memory_.get(), device_bytes_, stream);
    fill_zero(stand_in, in_place_bytes(), stream);
    context_->enqueue(stream);
    done = engine_->fences.record(stream);
  }
  done->wait();
  set_in_place(nullptr);
}

void CapturedExecutor::record(const StandIns& stand_ins) {
  const cudaStream_t stream = engine_->capture_streams.main.get();
  void* const result = gives_device_memory_ ? stand_ins.on_device() : stand_ins.on_host();
  {
    cuda::StreamCapture capture(stream);
    std::size_t copies = 0;
    const auto add_copy = [&](void* to, const void* from, std::size_t bytes) {
      copy(to, from, bytes, cudaMemcpyDefault, stream);
      copies += bytes > 0 ? 1 : 0;
    };
    for (const Port& input : inputs_) {
      if (input.in_place == nullptr) {
        add_copy(input.device, input.pinned != nullptr ? input.pinned : stand_ins.on_device(),
                 input.bytes);
      }
    }
    context_->enqueue(stream);
    for (const Port& output : outputs_) {
      add_copy(result, output.device, output.bytes);
    }
    recorded_ = capture.end(copies);
  }
  for (Port& input : inputs_) {
    if (input.in_place == nullptr && input.pinned == nullptr && input.bytes > 0) {
      input.copy =
          cuda::CopyNode::find(recorded_, input.device, stand_ins.on_device(), input.bytes);
    }
  }
  for (Port& output : outputs_) {
    if (output.bytes > 0) {
      output.copy = cuda::CopyNode::find(recorded_, result, output.device, output.bytes);
    }
  }
  graph_ = cuda::make_executable(recorded_, stream);
  engine_->fences.record(stream)->wait();  // The upload.
}

void CapturedExecutor::require_signature(std::span<const TensorView> inputs) const {
  bool fits = inputs.size() == inputs_.size();
  for (std::size_t i = 0; fits && i < inputs.size(); ++i) {
    const Port& port = inputs_[i];
    fits = inputs[i].dtype == port.dtype && inputs[i].shape == port.shape &&
           (inputs[i].device.type == DeviceType::kCpu) == (port.pinned != nullptr) &&
           (port.in_place == nullptr || port.in_place == inputs[i].data);
  }
  if (!fits) {
    InputSignature given = signature_of(inputs);
    for (std::size_t i = 0; i < std::min(inputs.size(), inputs_.size()); ++i) {
      given[i].address = inputs_[i].in_place != nullptr ? inputs[i].data : nullptr;
    }
    throw Error(ErrorCode::kModelInput, engine_->file + ": a graph was run on " + to_string(given) +
                                            ", which is not what it was captured for");
  }
}

void CapturedExecutor::feed(std::span<const TensorView> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Port& port = inputs_[i];
    if (inputs[i].data != port.checked) {
      require_memory(*engine_, i, inputs[i]);
      port.checked = inputs[i].data;
    }
  }
  if (pinned_bytes_ > 0) {
    pending_.finish();
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs_[i].pinned != nullptr && inputs_[i].bytes > 0) {
      std::memcpy(inputs_[i].pinned, inputs[i].data, inputs_[i].bytes);
    }
  }
}

RunReport CapturedExecutor::run(std::span<const TensorView> inputs, const RunContext& run,
                                TensorList& outputs) {
  const cuda::NvtxRange range("replayrt replay");
  require_signature(inputs);
  const cuda::DeviceGuard device(engine_->device);
  cuda::refuse_captured_caller(run);
  outputs.clear();
  feed(inputs);
  RunReport report;
  std::shared_ptr<const cuda::Fence> fence;
  {
    const cuda::ActivationArena::Use use = seat_.use();
    const cudaStream_t stream = use.slot().stream;
    try {
      fence = launch(inputs, run, stream, outputs, report);
    } catch (...) {
      cuda::drain(stream);
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

std::shared_ptr<const cuda::Fence> CapturedExecutor::launch(std::span<const TensorView> inputs,
                                                            const RunContext& run,
                                                            cudaStream_t stream,
                                                            TensorList& outputs,
                                                            RunReport& report) {
  RunBlocks blocks(*engine_);
  // Before the launch: what can fail for want of memory.
  cuda::BlockPool& pool = gives_device_memory_ ? engine_->device_blocks : engine_->pinned_blocks;
  for (const Port& port : outputs_) {
    outputs.push_back(blocks.result(pool, port.dtype, port.shape, run, stream));
  }
  cuda::begin_after_caller(stream, run, engine_->fences);
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].copy.has_value()) {
      copy_from(inputs_[i], inputs[i].data, blocks, stream, report);
    }
    report.bytes_copied += inputs_[i].in_place == nullptr ? inputs_[i].bytes : 0;
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].copy.has_value() &&
        !outputs_[i].copy->set(graph_, outputs[i].data(), outputs_[i].device)) {
      throw Error(ErrorCode::kModelRuntime, engine_->file + ": CUDA refused to copy output '" +
                                                engine_->specs.outputs.specs[i].name +
                                                "' to the memory of its result");
    }
    report.bytes_copied += outputs_[i].bytes;
  }
  cuda::check(cudaGraphLaunch(graph_.get(), stream), "cudaGraphLaunch");
  return blocks.end_run(stream, run);
}

void CapturedExecutor::copy_from(Port& port, const void* from, RunBlocks& blocks,
                                 cudaStream_t stream, RunReport& report) {
  if (port.copy->set(graph_, port.device, from)) {
    return;
  }
  void* block = blocks.device(port.room, stream);
  copy(block, from, port.bytes, cudaMemcpyDefault, stream);
  report.bytes_copied += port.bytes;
  if (!port.copy->set(graph_, port.device, block)) {
    throw Error(ErrorCode::kModelRuntime,
                engine_->file + ": CUDA refused to copy an input from memory of our own");
  }
}

}  // namespace replayrt::tensorrt
