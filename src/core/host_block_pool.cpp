#include "core/host_block_pool.hpp"

#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "core/annotated_mutex.hpp"
#include "core/pooled_size.hpp"
#include "core/repeat_bytes.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt {

using detail::Mutex;
using detail::MutexLock;

namespace {

// From here on the system gives memory page by page, zeroed, and takes it back at once.
constexpr std::size_t kLargeBytes = std::size_t{1} << 20;

}  // namespace

class HostBlockPool::PooledBlock final : public Block {
 public:
  // Header and data are one allocation, the data at the next aligned address. Null if there is no
  // memory for it.
  static PooledBlock* create(std::size_t bytes) noexcept {
    void* memory =
        ::operator new (header_bytes() + bytes, std::align_val_t{kAlignment}, std::nothrow);
    if (memory == nullptr) {
      return nullptr;
    }
    return new (memory) PooledBlock(static_cast<std::byte*>(memory) + header_bytes(), bytes);
  }

  static void destroy(PooledBlock* block) noexcept {
    block->~PooledBlock();
    ::operator delete (static_cast<void*>(block), std::align_val_t{kAlignment});
  }

  // Set while lent only, so that an idle block does not keep its own pool alive.
  std::shared_ptr<State> owner;
  PooledBlock* newer = nullptr;
  PooledBlock* older = nullptr;

 private:
  static constexpr std::size_t header_bytes() {
    return (sizeof(PooledBlock) + kAlignment - 1) / kAlignment * kAlignment;
  }

  PooledBlock(void* data, std::size_t bytes) noexcept : Block(data, bytes) {}
  ~PooledBlock() override = default;
  void recycle() noexcept override;
};

class HostBlockPool::State {
 public:
  explicit State(std::size_t max_idle_bytes) : max_idle_bytes_(max_idle_bytes) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { close(); }

  // The most recently used idle block of `bytes` to 1.25 times `bytes`; else, for a large one, the
  // smallest that fits: to fault new pages in costs far more than to lend more than was asked for.
  // Null if there is none.
  PooledBlock* take(std::size_t bytes) {
    const MutexLock lock(mutex_);
    ++stats_.lent_blocks;
    PooledBlock* smallest = nullptr;
    for (PooledBlock* block = newest_; block != nullptr; block = block->older) {
      if (block->bytes() < bytes) {
        continue;
      }
      if (detail::fits_well(block->bytes(), bytes, kAlignment)) {
        unlink(*block);
        return block;
      }
      if (bytes >= kLargeBytes && (smallest == nullptr || block->bytes() < smallest->bytes())) {
        smallest = block;
      }
    }
    if (smallest != nullptr) {
      unlink(*smallest);
      return smallest;
    }
    ++stats_.allocations;
    return nullptr;
  }

  void take_failed() {
    const MutexLock lock(mutex_);
    --stats_.lent_blocks;
    --stats_.allocations;
  }

  void give_back(PooledBlock* block) noexcept {
    PooledBlock* surplus = nullptr;
    {
      const MutexLock lock(mutex_);
      --stats_.lent_blocks;
      if (closed_ || block->bytes() > max_idle_bytes_) {
        surplus = block;
      } else {
        link_newest(*block);
        while (stats_.idle_bytes > max_idle_bytes_) {
          PooledBlock* oldest = oldest_;
          unlink(*oldest);
          oldest->older = std::exchange(surplus, oldest);
        }
      }
    }
    free_chain(surplus);
  }

  void close() noexcept {
    PooledBlock* all = nullptr;
    {
      const MutexLock lock(mutex_);
      closed_ = true;
      all = std::exchange(newest_, nullptr);
      oldest_ = nullptr;
      stats_.idle_blocks = stats_.idle_bytes = 0;
    }
    free_chain(all);
  }

  Stats stats() const {
    const MutexLock lock(mutex_);
    return stats_;
  }

 private:
  void link_newest(PooledBlock& block) noexcept REPLAYRT_REQUIRES(mutex_) {
    block.newer = nullptr;
    block.older = newest_;
    (newest_ != nullptr ? newest_->newer : oldest_) = &block;
    newest_ = &block;
    ++stats_.idle_blocks;
    stats_.idle_bytes += block.bytes();
  }

  void unlink(PooledBlock& block) noexcept REPLAYRT_REQUIRES(mutex_) {
    (block.newer != nullptr ? block.newer->older : newest_) = block.older;
    (block.older != nullptr ? block.older->newer : oldest_) = block.newer;
    block.newer = block.older = nullptr;
    --stats_.idle_blocks;
    stats_.idle_bytes -= block.bytes();
  }

  static void free_chain(PooledBlock* block) noexcept {
    while (block != nullptr) {
      PooledBlock::destroy(std::exchange(block, block->older));
    }
  }

  const std::size_t max_idle_bytes_;
  mutable Mutex mutex_;
  PooledBlock* newest_ REPLAYRT_GUARDED_BY(mutex_) = nullptr;
  PooledBlock* oldest_ REPLAYRT_GUARDED_BY(mutex_) = nullptr;
  bool closed_ REPLAYRT_GUARDED_BY(mutex_) = false;
  Stats stats_ REPLAYRT_GUARDED_BY(mutex_);
};

void HostBlockPool::PooledBlock::recycle() noexcept {
  // The state must outlive the call even if this was the last block of a pool that is gone.
  const std::shared_ptr<State> state = std::move(owner);
  state->give_back(this);
}

HostBlockPool::HostBlockPool(std::size_t max_idle_bytes)
    : state_(std::make_shared<State>(max_idle_bytes)) {}

HostBlockPool::~HostBlockPool() {
  state_->close();
}

BlockRef HostBlockPool::acquire(std::size_t bytes) {
  PooledBlock* block = state_->take(bytes);
  // Beyond half the address space rounding up could overflow, and nobody has that much.
  if (block == nullptr && bytes < static_cast<std::size_t>(PTRDIFF_MAX) / 2) {
    block = PooledBlock::create(detail::pooled_bytes(bytes, kAlignment));
  }
  if (block == nullptr) {
    state_->take_failed();
    throw Error(ErrorCode::kOutOfMemory,
                "cannot allocate " + std::to_string(bytes) + " bytes of host memory");
  }
  block->owner = state_;
  return BlockRef(block);
}

HostBlockPool::Stats HostBlockPool::stats() const {
  return state_->stats();
}

Tensor HostMemory::allocate(DType dtype, const Shape& shape, const Device& /*where*/,
                            const RunContext& /*context*/) {
  return Tensor(pool_.acquire(packed_bytes(dtype, shape.num_elements())), dtype, shape);
}

void HostMemory::copy(void* to, const void* from, std::size_t bytes,
                      const RunContext& /*context*/) {
  if (bytes != 0) {  // memcpy of null is undefined even for no bytes.
    std::memcpy(to, from, bytes);
  }
}

void HostMemory::fill_zero(void* to, std::size_t bytes, const RunContext& /*context*/) {
  if (bytes != 0) {
    std::memset(to, 0, bytes);
  }
}

void HostMemory::fill(void* to, std::size_t bytes, std::span<const std::byte> pattern,
                      const RunContext& /*context*/) {
  detail::repeat_bytes(to, bytes, pattern);
}

}  // namespace replayrt
