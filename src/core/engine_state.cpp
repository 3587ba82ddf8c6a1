#include "core/engine_state.hpp"

#include <algorithm>
#include <utility>

#include "core/completion_guard.hpp"
#include "core/graph_cache_state.hpp"

namespace replayrt::detail {
namespace {

EngineId next_engine_id() noexcept {
  static std::atomic<EngineId> last{0};
  return ++last;
}

}  // namespace

EngineState::EngineState(std::unique_ptr<EngineBackend> backend)
    : backend_(std::move(backend)),
      id_(next_engine_id()),
      limit_(std::max<std::size_t>(backend_->max_eager_executors(), 1)),
      admission_(backend_->preferred_admission()),
      shared_bytes_(backend_->shared_bytes()) {}

EngineState::~EngineState() {
  for (const auto& slot : idle_) {
    wait_until_over(slot->pending);
  }
}

GraphKey EngineState::key_for(std::span<const TensorView> inputs, InputBinding binding) const {
  InputSignature signature = signature_of(inputs);
  if (binding == InputBinding::kInPlace) {
    for (std::size_t i = 0; i < std::min(inputs.size(), backend_->inputs().size()); ++i) {
      signature[i].address = backend_->can_bind(i, inputs[i]) ? inputs[i].data : nullptr;
    }
  }
  return {id_, backend_->device(), std::move(signature)};
}

std::string EngineState::content_hash() const {
  constexpr std::size_t kMostDigits = 128;
  std::string hash = backend_->content_hash();
  const bool is_hash =
      hash.size() <= kMostDigits && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_hash ? hash : std::string();
}

Lease EngineState::lease_eager(Reason reason) {
  Lease lease;
  lease.eager_ = obtain_slot();
  lease.engine_ = shared_from_this();
  lease.executor_ = lease.eager_->executor.get();
  lease.route_ = Route::kEager;
  lease.reason_ = reason;
  return lease;
}

std::unique_ptr<EagerSlot> EngineState::obtain_slot() {
  std::unique_ptr<EagerSlot> slot;
  {
    const MutexLock lock(mutex_);
    const bool in_line = !waiters_.empty();
    // While there is room, a new executor beats one whose device work may not be complete.
    if (!in_line && !idle_.empty() && (!idle_.front()->has_pending || live_ >= limit_)) {
      slot = std::move(idle_.front());
      idle_.erase(idle_.begin());
    } else if ((in_line || live_ >= limit_) &&
               std::ranges::find(leased_by_, std::this_thread::get_id()) == leased_by_.end()) {
      Waiter waiter;
      waiters_.push_back(&waiter);
      while (waiter.slot == nullptr && !waiter.may_create) {
        waiter.ready.wait(mutex_);
      }
      slot = std::move(waiter.slot);
    } else {
      idle_.reserve(live_ + 1);
      leased_by_.reserve(live_ + 1);
      ++live_;
    }
    if (slot != nullptr) {
      note_leased(*slot);
    }
  }
  if (slot != nullptr) {
    // Not yet done only on a device: it ends by itself, whatever this thread does.
    wait_until_over(std::exchange(slot->pending, Completion{}));
    return slot;
  }
  // This thread has been counted in `live_` and makes the executor outside the lock.
  try {
    slot = std::make_unique<EagerSlot>();
    slot->executor = backend_->make_eager();
    const MutexLock lock(mutex_);
    note_leased(*slot);
    return slot;
  } catch (...) {
    const MutexLock lock(mutex_);
    --live_;
    if (!waiters_.empty()) {
      ++live_;
      waiters_.front()->may_create = true;
      waiters_.front()->ready.notify_one();
      waiters_.pop_front();
    }
    throw;
  }
}

void EngineState::note_leased(EagerSlot& slot) {
  slot.owner = std::this_thread::get_id();
  leased_by_.push_back(slot.owner);
}

void EngineState::end_eager(std::unique_ptr<EagerSlot> slot, const Completion& completion,
                            bool keep) noexcept {
  const bool pending = !is_over(completion);
  std::unique_ptr<EagerSlot> dropped;
  {
    const MutexLock lock(mutex_);
    leased_by_.erase(std::ranges::find(leased_by_, slot->owner));
    slot->has_pending = pending;
    if (keep && pending) {
      slot->pending = completion;
    }
    if (!keep || (live_ > limit_ && !pending)) {
      dropped = std::move(slot);
      --live_;
    }
    if (waiters_.empty()) {
      if (slot != nullptr) {
        idle_.push_back(std::move(slot));
      }
    } else if (slot != nullptr || live_ < limit_) {
      Waiter& next = *waiters_.front();
      waiters_.pop_front();
      next.may_create = slot == nullptr;
      live_ += next.may_create ? 1 : 0;
      next.slot = std::move(slot);
      next.ready.notify_one();
    }
  }
  if (dropped != nullptr && pending) {
    wait_until_over(completion);
  }
}

std::size_t EngineState::waiting() const {
  const MutexLock lock(mutex_);
  return waiters_.size();
}

void EngineState::add_cache(const std::shared_ptr<GraphCacheState>& cache) {
  const MutexLock lock(mutex_);
  std::erase_if(caches_, [](const auto& known) { return known.expired(); });
  const bool known = std::ranges::any_of(caches_, [&](const auto& other) {
    return !other.owner_before(cache) && !cache.owner_before(other);
  });
  if (!known) {
    caches_.push_back(cache);
  }
}

void EngineState::retire() noexcept {
  std::vector<std::weak_ptr<GraphCacheState>> caches;
  {
    const MutexLock lock(mutex_);
    retired_ = true;
    caches.swap(caches_);
  }
  for (const auto& weak : caches) {
    if (const auto cache = weak.lock()) {
      cache->remove_engine(id_);
    }
  }
}

}  // namespace replayrt::detail
