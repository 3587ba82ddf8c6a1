#include "backends/tensorrt/run_support.hpp"

#include <exception>
#include <string>
#include <utility>

#include "backends/cuda/check.hpp"
#include "backends/cuda/device.hpp"
#include "backends/cuda/stream_order.hpp"

namespace replayrt::tensorrt {

void require_memory(const EngineContext& engine, std::size_t input, const TensorView& view) {
  if (view.shape.num_elements() == 0) {
    return;
  }
  const cuda::PointerInfo info = cuda::pointer_info(view.data);
  const TensorSpec& spec = engine.specs.inputs.specs[input];
  const auto refuse = [&](const std::string& said, const std::string& found) {
    throw Error(ErrorCode::kModelInput,
                "input '" + spec.name + "' is said to be " + said + ", but its memory is " + found);
  };
  if (view.device.type == DeviceType::kCpu) {
    if (info.place == cuda::MemoryPlace::kDevice) {
      refuse("in host memory", "on cuda:" + std::to_string(info.device));
    }
    return;
  }
  if (engine.specs.inputs.on_host[input]) {
    throw Error(ErrorCode::kModelInput,
                "input '" + spec.name + "' is on " + view.device.to_string() +
                    ": expected host memory, as shapes depend on its values");
  }
  if (info.place == cuda::MemoryPlace::kHost) {
    refuse("on " + view.device.to_string(), "host memory that CUDA does not know");
  }
  if (info.place == cuda::MemoryPlace::kDevice && info.device != engine.device) {
    refuse("on " + view.device.to_string(), "on cuda:" + std::to_string(info.device));
  }
}

void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  if (bytes > 0) {
    cuda::check(cudaMemcpyAsync(to, from, bytes, kind, stream), "cudaMemcpyAsync",
                std::to_string(bytes) + " bytes");
  }
}

void wait(const cuda::Fence& fence, cudaStream_t stream) {
  try {
    fence.wait();
  } catch (...) {
    cuda::drain(stream);
    throw;
  }
}

PendingRun::~PendingRun() {
  bool done = fence_ == nullptr;
  try {
    done = done || fence_->done();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): not known to be done.
  }
  if (!done) {
    cuda::drain(stream_);
  }
}

void PendingRun::set(std::shared_ptr<const cuda::Fence> fence, cudaStream_t stream) noexcept {
  fence_ = std::move(fence);
  stream_ = stream;
}

void PendingRun::finish() {
  if (fence_ != nullptr) {
    wait(*std::exchange(fence_, nullptr), stream_);
  }
}

void drain(cudaStream_t stream, std::span<const cuda::Stream> auxiliary) noexcept {
  cuda::drain(stream);
  for (const cuda::Stream& other : auxiliary) {
    cuda::drain(other.get());
  }
}

void* RunBlocks::pinned(std::size_t bytes) {
  return keep(engine_.pinned_blocks.acquire(bytes, RunContext{}, nullptr)).get()->data();
}

void* RunBlocks::device(std::size_t bytes, cudaStream_t stream) {
  return keep(engine_.device_blocks.acquire(bytes, RunContext{}, stream)).get()->data();
}

Tensor RunBlocks::result(cuda::BlockPool& pool, DType dtype, const Shape& shape,
                         const RunContext& context, cudaStream_t stream) {
  const BlockRef& block =
      keep(pool.acquire(packed_bytes(dtype, shape.num_elements()), context, stream));
  return Tensor(block, dtype, shape, pool.device());
}

std::shared_ptr<const cuda::Fence> RunBlocks::end_run(cudaStream_t stream,
                                                      const RunContext& context) const {
  std::shared_ptr<const cuda::Fence> fence = engine_.fences.record(stream);
  for (const BlockRef& block : blocks_) {
    cuda::BlockPool::set_last_use(block, fence);
  }
  if (!context.synchronize) {  // Else the host waits, and the caller's stream need not.
    cuda::make_caller_wait(context, *fence);
  }
  return fence;
}

}  // namespace replayrt::tensorrt
