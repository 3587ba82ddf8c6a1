#include "backends/openvino/executor_support.hpp"

#include <cstring>

namespace replayrt::openvino {

const void* stage(const void* data, std::size_t bytes, HostBlockPool& blocks,
                  SmallVector<BlockRef, 4>& staging) {
  const BlockRef& block = staging.emplace_back(blocks.acquire(bytes));
  std::memcpy(block.get()->data(), data, bytes);
  return block.get()->data();
}

}  // namespace replayrt::openvino
