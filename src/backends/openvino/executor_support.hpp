#pragma once

#include <cstddef>
#include <cstdint>
#include <openvino/runtime/tensor.hpp>

#include "core/host_block_pool.hpp"
#include "replayrt/core/small_vector.hpp"
#include "replayrt/core/tensor.hpp"

namespace replayrt::openvino {

/// Whether OpenVINO reads this memory in place: aligned as its kernels like it.
inline bool is_aligned(const void* data) noexcept {
  return reinterpret_cast<std::uintptr_t>(data) % HostBlockPool::kAlignment == 0;
}

/// The caller's memory as a tensor that OpenVINO reads. Not OpenVINO's read-only kind, which its
/// CPU plugin refuses for an input that is also an output.
inline ov::Tensor input_tensor(const ov::element::Type& type, const ov::Shape& shape,
                               const void* data) {
  return {type, shape, const_cast<void*>(data)};
}

/// Copies an input into an aligned block, which lives as long as `staging`.
const void* stage(const void* data, std::size_t bytes, HostBlockPool& blocks,
                  SmallVector<BlockRef, 4>& staging);

}  // namespace replayrt::openvino
