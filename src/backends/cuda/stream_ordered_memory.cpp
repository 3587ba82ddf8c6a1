#include "backends/cuda/stream_ordered_memory.hpp"

#include <algorithm>

#include "backends/cuda/check.hpp"
#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/nvtx.hpp"
#include "backends/cuda/stream_order.hpp"

namespace replayrt::cuda {

StreamOrderedMemory::StreamOrderedMemory(BlockPool& pool) : pool_(pool) {
  const DeviceGuard current(pool.device().index);
  own_ = make_stream();
}

Tensor StreamOrderedMemory::allocate(DType dtype, const Shape& shape, const RunContext& context) {
  const std::size_t bytes = packed_bytes(dtype, shape.num_elements());
  return Tensor(pool_.acquire(bytes, context, stream_of(context)), dtype, shape, pool_.device());
}

void StreamOrderedMemory::copy(void* to, const void* from, std::size_t bytes,
                               const RunContext& context) {
  if (bytes == 0) {
    return;
  }
  const NvtxRange range("replayrt copy");
  in_order(context, [&](cudaStream_t stream) {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "cudaMemcpyAsync");
  });
}

void StreamOrderedMemory::fill_zero(void* to, std::size_t bytes, const RunContext& context) {
  if (bytes == 0) {
    return;
  }
  in_order(context, [&](cudaStream_t stream) {
    check(cudaMemsetAsync(to, 0, bytes, stream), "cudaMemsetAsync");
  });
}

void StreamOrderedMemory::fill(void* to, std::size_t bytes, std::span<const std::byte> pattern,
                               const RunContext& context) {
  if (bytes == 0) {
    return;
  }
  auto* const begin = static_cast<std::byte*>(to);
  in_order(context, [&](cudaStream_t stream) {
    const auto set = [&](std::byte* at, std::byte value, std::size_t count) {
      check(cudaMemsetAsync(at, std::to_integer<int>(value), count, stream), "cudaMemsetAsync");
    };
    if (std::ranges::adjacent_find(pattern, std::ranges::not_equal_to()) == pattern.end()) {
      set(begin, pattern[0], bytes);
      return;
    }
    // The runtime sets bytes only: the pattern once, then doubled. No host memory has to outlive
    // it.
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      set(begin + i, pattern[i], 1);
    }
    for (std::size_t done = pattern.size(); done < bytes; done *= 2) {
      check(cudaMemcpyAsync(begin + done, begin, std::min(done, bytes - done),
                            cudaMemcpyDeviceToDevice, stream),
            "cudaMemcpyAsync");
    }
  });
}

cudaStream_t StreamOrderedMemory::stream_of(const RunContext& context) const noexcept {
  return context.stream == nullptr ? own_.get() : caller_stream(context);
}

template <class Enqueue>
void StreamOrderedMemory::in_order(const RunContext& context, Enqueue&& enqueue) {
  const DeviceGuard current(pool_.device().index);
  refuse_captured_caller(context);
  const cudaStream_t stream = stream_of(context);
  wait_for_ready_event(stream, context);
  enqueue(stream);
  if (context.stream == nullptr) {
    finish(stream);
  }
}

}  // namespace replayrt::cuda
