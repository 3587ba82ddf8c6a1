#include "backends/tensorrt/engine_memory.hpp"

#include <cstring>
#include <utility>

#include "backends/cuda/device.hpp"
#include "core/repeat_bytes.hpp"

namespace replayrt::tensorrt {
namespace {

bool is_host(const void* pointer) {
  const cuda::MemoryPlace place = cuda::pointer_info(pointer).place;
  return place == cuda::MemoryPlace::kHost || place == cuda::MemoryPlace::kPinned;
}

}  // namespace

EngineMemory::EngineMemory(std::shared_ptr<EngineContext> engine)
    : engine_(std::move(engine)), device_(engine_->device_blocks) {}

Tensor EngineMemory::allocate(DType dtype, const Shape& shape, const Device& where,
                              const RunContext& context) {
  if (where.type != DeviceType::kCpu) {
    return device_.allocate(dtype, shape, context);
  }
  const std::size_t bytes = packed_bytes(dtype, shape.num_elements());
  return Tensor(engine_->pinned_blocks.acquire(bytes, context, nullptr), dtype, shape);
}

void EngineMemory::copy(void* to, const void* from, std::size_t bytes, const RunContext& context) {
  if (bytes == 0) {
    return;
  }
  if (is_host(to) && is_host(from)) {
    std::memcpy(to, from, bytes);
  } else {
    device_.copy(to, from, bytes, context);
  }
}

void EngineMemory::fill_zero(void* to, std::size_t bytes, const RunContext& context) {
  if (bytes == 0) {
    return;
  }
  if (is_host(to)) {
    std::memset(to, 0, bytes);
  } else {
    device_.fill_zero(to, bytes, context);
  }
}

void EngineMemory::fill(void* to, std::size_t bytes, std::span<const std::byte> pattern,
                        const RunContext& context) {
  if (bytes == 0) {
    return;
  }
  if (is_host(to)) {
    detail::repeat_bytes(to, bytes, pattern);
  } else {
    device_.fill(to, bytes, pattern, context);
  }
}

Completion EngineMemory::completion(const RunContext& context) {
  if (context.stream == nullptr) {
    return {};
  }
  return Completion(engine_->fences.record(static_cast<cudaStream_t>(context.stream)));
}

}  // namespace replayrt::tensorrt
