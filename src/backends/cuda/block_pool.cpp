#include "backends/cuda/block_pool.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backends/cuda/check.hpp"
#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/handles.hpp"
#include "core/completion_guard.hpp"
#include "core/pooled_size.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cuda {
namespace {

// What CUDA aligns its own allocations to, at least.
constexpr std::size_t kAlignment = 256;

}  // namespace

class BlockPool::PooledBlock final : public Block {
 public:
  PooledBlock(DeviceMemory device_memory, PinnedMemory pinned_memory, std::size_t bytes) noexcept
      : Block(device_memory ? device_memory.get() : pinned_memory.get(), bytes),
        device_memory_(std::move(device_memory)),
        pinned_memory_(std::move(pinned_memory)) {}
  // cudaFree and cudaFreeHost wait for what the caller may still run on the block.
  ~PooledBlock() override = default;

  /// Whether the work that last used it is over.
  [[nodiscard]] bool is_free() const noexcept {
    return replayrt::detail::is_over(Completion(last_use));
  }

  // Set while lent only, so that an idle block does not keep its own pool alive.
  std::shared_ptr<State> owner;
  /// The caller's stream it was lent for: compared, never used, as it may be gone.
  const void* home = nullptr;
  std::shared_ptr<const Fence> last_use;
  PooledBlock* next_to_free = nullptr;

 private:
  void recycle() noexcept override;

  DeviceMemory device_memory_;
  PinnedMemory pinned_memory_;
};

class BlockPool::State {
 public:
  State(BlockKind of_kind, std::int32_t on_device, std::size_t max_idle_bytes)
      : kind(of_kind), device(on_device), max_idle_bytes_(max_idle_bytes) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() = default;

  /// The most recently used idle block that fits and belongs to `home`; null if there is none.
  PooledBlock* take(std::size_t bytes, const void* home) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [&](const PooledBlock* block) {
      return block->home == home && replayrt::detail::fits_well(block->bytes(), bytes, kAlignment);
    });
    if (found == idle_.rend()) {
      return nullptr;
    }
    PooledBlock* block = *found;
    idle_.erase(std::next(found).base());
    stats_.idle_bytes -= block->bytes();
    ++stats_.lent_blocks;
    return block;
  }

  /// A new block, lent.
  PooledBlock* make(std::size_t bytes) {
    const DeviceGuard current(device);
    auto block = std::make_unique<PooledBlock>(
        kind == BlockKind::kDevice ? make_device_memory(bytes) : DeviceMemory(),
        kind == BlockKind::kPinned ? make_pinned_memory(bytes) : PinnedMemory(), bytes);
    const std::lock_guard lock(mutex_);
    idle_.reserve(idle_.size() + stats_.lent_blocks + 1);  // So that taking back cannot fail.
    ++stats_.lent_blocks;
    ++stats_.allocations;
    return block.release();
  }

  void give_back(PooledBlock* block) noexcept {
    PooledBlock* surplus = nullptr;
    const auto give_up = [&](PooledBlock* old) {
      old->next_to_free = std::exchange(surplus, old);
      return true;
    };
    {
      const std::lock_guard lock(mutex_);
      --stats_.lent_blocks;
      if (closed_) {
        give_up(block);
      } else {
        idle_.push_back(block);
        stats_.idle_bytes += block->bytes();
        std::erase_if(idle_, [&](PooledBlock* old) {  // From the longest unused on.
          if (stats_.idle_bytes <= max_idle_bytes_ || !old->is_free()) {
            return false;
          }
          stats_.idle_bytes -= old->bytes();
          return give_up(old);
        });
      }
    }
    free_chain(surplus);
  }

  void free_idle(bool closes) noexcept {
    PooledBlock* all = nullptr;
    {
      const std::lock_guard lock(mutex_);
      closed_ = closed_ || closes;
      for (PooledBlock* block : idle_) {
        block->next_to_free = std::exchange(all, block);
      }
      idle_.clear();
      stats_.idle_bytes = 0;
    }
    free_chain(all);
  }

  Stats stats() const {
    const std::lock_guard lock(mutex_);
    Stats stats = stats_;
    stats.idle_blocks = idle_.size();
    return stats;
  }

  const BlockKind kind;
  const std::int32_t device;

 private:
  static void free_chain(PooledBlock* block) noexcept {
    while (block != nullptr) {
      PooledBlock* freed = std::exchange(block, block->next_to_free);
      replayrt::detail::wait_until_over(Completion(freed->last_use));
      delete freed;
    }
  }

  const std::size_t max_idle_bytes_;
  mutable std::mutex mutex_;
  std::vector<PooledBlock*> idle_;  ///< The most recently used last.
  bool closed_ = false;
  Stats stats_;
};

void BlockPool::PooledBlock::recycle() noexcept {
  // The state must outlive the call even if this was the last block of a pool that is gone.
  const std::shared_ptr<State> state = std::move(owner);
  state->give_back(this);
}

BlockPool::BlockPool(BlockKind kind, std::int32_t device, std::size_t max_idle_bytes)
    : state_(std::make_shared<State>(kind, device, max_idle_bytes)) {}

BlockPool::~BlockPool() {
  state_->free_idle(true);
}

BlockRef BlockPool::acquire(std::size_t bytes, const RunContext& context, cudaStream_t writer) {
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) {
    throw Error(ErrorCode::kOutOfMemory,
                "cannot allocate " + std::to_string(bytes) + " bytes on " + device().to_string());
  }
  PooledBlock* block = state_->take(bytes, context.stream);
  if (block == nullptr) {
    const std::size_t rounded = replayrt::detail::pooled_bytes(bytes, kAlignment);
    try {
      block = state_->make(rounded);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kOutOfMemory) {
        throw;
      }
      trim();
      block = state_->make(rounded);
    }
  }
  block->owner = state_;
  block->home = context.stream;
  BlockRef lent(block);
  if (block->last_use != nullptr) {
    if (writer != nullptr) {
      block->last_use->hold_back(writer);
    } else {
      block->last_use->wait();
    }
  }
  return lent;
}

void BlockPool::set_last_use(const BlockRef& block, std::shared_ptr<const Fence> fence) noexcept {
  static_cast<PooledBlock*>(block.get())->last_use = std::move(fence);
}

void BlockPool::trim() noexcept {
  state_->free_idle(false);
}

Device BlockPool::device() const noexcept {
  return state_->kind == BlockKind::kDevice ? Device{DeviceType::kCuda, state_->device} : Device{};
}

BlockPool::Stats BlockPool::stats() const {
  return state_->stats();
}

}  // namespace replayrt::cuda
