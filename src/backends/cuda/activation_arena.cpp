#include "backends/cuda/activation_arena.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "backends/cuda/device_guard.hpp"
#include "backends/cuda/stream_order.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cuda {

using replayrt::detail::FifoGate;

struct ActivationArena::OwnedSlot {
  Slot view;
  Stream stream;
  DeviceMemory memory;
  FifoGate gate{1};
  std::vector<std::uint64_t> groups;  ///< Of the seats that are taken.
};

std::shared_ptr<ActivationArena> ActivationArena::create(std::int32_t device, std::size_t slots,
                                                         std::size_t block_bytes) {
  if (slots == 0) {
    throw Error(ErrorCode::kInvalidParameter, "an activation arena needs at least one slot, not 0");
  }
  return std::shared_ptr<ActivationArena>(new ActivationArena(device, slots, block_bytes));
}

ActivationArena::ActivationArena(std::int32_t device, std::size_t slots, std::size_t block_bytes)
    : block_bytes_(block_bytes) {
  const DeviceGuard current(device);
  for (std::size_t index = 0; index < slots; ++index) {
    auto slot = std::make_unique<OwnedSlot>();
    slot->stream = make_stream();
    try {
      slot->memory = make_device_memory(block_bytes);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kOutOfMemory) {
        throw;
      }
      throw Error(ErrorCode::kOutOfMemory,
                  "activation memory on cuda:" + std::to_string(device) + ": no room for " +
                      std::to_string(slots) + " slots of " + std::to_string(block_bytes) +
                      " bytes, only for " + std::to_string(index) + ": " + error.what());
    }
    slot->view = {.index = index,
                  .stream = slot->stream.get(),
                  .memory = slot->memory.get(),
                  .bytes = block_bytes};
    slots_.push_back(std::move(slot));
  }
}

ActivationArena::~ActivationArena() {
  // Whoever ran here has waited; but a call that failed half way may have left work behind.
  for (const auto& slot : slots_) {
    drain(slot->stream.get());
  }
}

ActivationArena::Seat ActivationArena::take_seat(const std::shared_ptr<ActivationArena>& arena,
                                                 std::uint64_t group) {
  const std::lock_guard lock(arena->mutex_);
  const auto load = [&](const std::unique_ptr<OwnedSlot>& slot) {
    return std::tuple(std::ranges::count(slot->groups, group), slot->groups.size());
  };
  OwnedSlot& slot = **std::ranges::min_element(arena->slots_, {}, load);
  slot.groups.push_back(group);
  return {arena, slot.view.index, group};
}

std::size_t ActivationArena::waiting() const {
  std::size_t sum = 0;
  for (const auto& slot : slots_) {
    sum += slot->gate.waiting();
  }
  return sum;
}

void ActivationArena::leave(std::size_t slot, std::uint64_t group) noexcept {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t>& groups = slots_[slot]->groups;
  groups.erase(std::ranges::find(groups, group));
}

ActivationArena::Seat::Seat(std::shared_ptr<ActivationArena> arena, std::size_t slot,
                            std::uint64_t group) noexcept
    : arena_(std::move(arena)), slot_(slot), group_(group) {}

ActivationArena::Seat::~Seat() {
  if (arena_ != nullptr) {
    arena_->leave(slot_, group_);
  }
}

const ActivationArena::Slot& ActivationArena::Seat::slot() const noexcept {
  return arena_->slots_[slot_]->view;
}

ActivationArena::Use ActivationArena::Seat::use() const {
  OwnedSlot& slot = *arena_->slots_[slot_];
  return {slot.view, slot.gate.acquire()};
}

}  // namespace replayrt::cuda
