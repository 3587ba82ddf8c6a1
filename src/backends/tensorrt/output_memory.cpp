#include "backends/tensorrt/output_memory.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace replayrt::tensorrt {

void* OutputMemory::begin(const std::optional<Shape>& shape, bool on_device, const RunContext& run,
                          cudaStream_t stream) {
  shape_ = shape;
  on_device_ = on_device;
  run_ = &run;
  stream_ = stream;
  failure_ = nullptr;
  written_ = BlockRef();
  if (!shape.has_value()) {
    return nullptr;
  }
  const TensorSpec& spec = engine_->specs.outputs.specs[index_];
  const std::size_t bytes = room_for(spec.dtype, *shape);
  if (engine_->specs.outputs.on_host[index_]) {
    // Written by the host during the enqueue.
    written_ = engine_->pinned_blocks.acquire(bytes, run, nullptr);
  } else {
    written_ = device_block(bytes);
  }
  return written_.get()->data();
}

BlockRef OutputMemory::device_block(std::size_t bytes) const {
  return engine_->device_blocks.acquire(bytes, on_device_ ? *run_ : RunContext{}, stream_);
}

void* OutputMemory::allocate(const char* /*name*/, std::uint64_t bytes) noexcept {
  try {
    written_ = device_block(std::max<std::size_t>(bytes, 1));
    return written_.get()->data();
  } catch (...) {
    failure_ = std::current_exception();
    return nullptr;
  }
}

void OutputMemory::notifyShape(char const* /*name*/, Dims const& dims) noexcept {
  try {
    shape_ = shape_of(dims);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void OutputMemory::rethrow_failure() const {
  if (failure_ != nullptr) {
    std::rethrow_exception(failure_);
  }
}

Tensor OutputMemory::end(RunBlocks& blocks, std::size_t& bytes_copied) {
  rethrow_failure();
  const TensorSpec& spec = engine_->specs.outputs.specs[index_];
  if (shape_.has_value() && shape_->num_elements() == 0 && !written_) {
    // TensorRT 8.5.3 asks for no memory for an empty output, unlike what its header says.
    written_ = device_block(room_for(spec.dtype, *shape_));
  }
  if (!shape_.has_value() || !written_) {
    throw Error(ErrorCode::kModelRuntime,
                engine_->file + ": TensorRT told no shape for output '" + spec.name + "'");
  }
  const BlockRef written = blocks.keep(std::exchange(written_, BlockRef()));
  if (engine_->specs.outputs.on_host[index_]) {
    return Tensor(written, spec.dtype, *shape_);
  }
  if (on_device_) {
    return Tensor(written, spec.dtype, *shape_, engine_->device_blocks.device());
  }
  Tensor result = blocks.result(engine_->pinned_blocks, spec.dtype, *shape_, *run_, stream_);
  copy(result.data(), written.get()->data(), result.bytes(), cudaMemcpyDeviceToHost, stream_);
  bytes_copied += result.bytes();
  return result;
}

}  // namespace replayrt::tensorrt
