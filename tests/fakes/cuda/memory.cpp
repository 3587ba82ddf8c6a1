// Memory: blocks with a budget, copies and fills.

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "fakes/cuda/machine.hpp"

namespace replayrt::fakes::cuda {
namespace {

constexpr std::size_t kAlignment = 256;
// Freed memory is kept back up to this, so that its addresses are not lent again soon.
constexpr std::size_t kMostFreed = std::size_t{64} << 20;

void delete_storage(std::byte* storage) {
  ::operator delete[](storage, std::align_val_t{kAlignment});
}

std::uintptr_t number_of(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address);
}

cudaError_t allocate(Machine& machine, const Lock& lock, void** address, std::size_t bytes,
                     bool pinned) {
  *address = nullptr;
  if (const cudaError_t error = machine.unsafe_call(lock); error != cudaSuccess) {
    return error;
  }
  if (bytes == 0) {
    return cudaSuccess;
  }
  const int device = this_thread().device;
  DeviceState& state = machine.devices[static_cast<std::size_t>(device)];
  if (!pinned && bytes > state.budget - std::min(state.budget, state.use.bytes)) {
    return cudaErrorMemoryAllocation;
  }
  auto* storage =
      static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{kAlignment}, std::nothrow));
  if (storage == nullptr) {
    return cudaErrorMemoryAllocation;
  }
  std::memset(storage, 0xCD, bytes);
  if (!pinned) {
    state.use.bytes += bytes;
    state.use.peak = std::max(state.use.peak, state.use.bytes);
  }
  *address = storage;
  machine.blocks.emplace(number_of(storage),
                         Block{bytes, device, pinned, {storage, delete_storage}});
  return cudaSuccess;
}

cudaError_t give_back(Machine& machine, Lock& lock, void* address, bool pinned) {
  if (address == nullptr) {
    return cudaSuccess;
  }
  if (const cudaError_t error = machine.unsafe_call(lock); error != cudaSuccess) {
    return error;
  }
  auto at = machine.blocks.find(number_of(address));
  if (at == machine.blocks.end() || at->second.pinned != pinned) {
    machine.violate(lock, "memory is freed that was freed before, or never allocated");
    return cudaErrorInvalidValue;
  }
  const Range range{address, at->second.bytes};
  if (machine.in_use(lock, range)) {
    machine.violate(lock, "memory is freed that pending work uses");
    machine.complete(lock, machine.pending_of(lock, at->second.device), true);
  }
  at = machine.blocks.find(number_of(address));
  Block block = std::move(at->second);
  machine.blocks.erase(at);
  if (!pinned) {
    machine.devices[static_cast<std::size_t>(block.device)].use.bytes -= block.bytes;
  }
  std::memset(address, 0xDD, block.bytes);
  machine.freed.emplace_back(number_of(address), std::move(block));
  std::size_t kept = 0;
  for (const auto& [begin, old] : machine.freed) {
    kept += old.bytes;
  }
  while (kept > kMostFreed) {
    kept -= machine.freed.front().second.bytes;
    machine.freed.pop_front();
  }
  return cudaSuccess;
}

enum class Place : std::uint8_t { kPageable, kPinned, kDevice };

Place place_of(const Machine& machine, const Lock& lock, const void* address) {
  const Block* block = machine.block_of(lock, address);
  return block == nullptr ? Place::kPageable : block->pinned ? Place::kPinned : Place::kDevice;
}

/// Whether a copy of `kind` may go from one place to the other.
bool fits(cudaMemcpyKind kind, Place to, Place from) {
  const bool to_device = to == Place::kDevice;
  const bool from_device = from == Place::kDevice;
  switch (kind) {
    case cudaMemcpyHostToHost:
      return !to_device && !from_device;
    case cudaMemcpyHostToDevice:
      return to_device && !from_device;
    case cudaMemcpyDeviceToHost:
      return !to_device && from_device;
    case cudaMemcpyDeviceToDevice:
      return to_device && from_device;
    case cudaMemcpyDefault:
      return true;
  }
  return false;
}

cudaError_t copy(Machine& machine, Lock& lock, void* to, const void* from, std::size_t bytes,
                 cudaMemcpyKind kind, cudaStream_t handle) {
  Stream* stream = machine.find(lock, handle);
  if (stream == nullptr) {
    return cudaErrorInvalidResourceHandle;
  }
  const Copy what{to, from, bytes, kind};
  if (!machine.is_possible(lock, what)) {
    return cudaErrorInvalidValue;
  }
  if (bytes == 0) {
    return cudaSuccess;
  }
  const Place to_place = place_of(machine, lock, to);
  const Place from_place = place_of(machine, lock, from);
  const bool pageable = to_place == Place::kPageable || from_place == Place::kPageable;
  Work work = machine.copy_work(lock, what);
  if (stream->capture != nullptr) {
    if (pageable) {
      machine.violate(lock, "a copy of pageable host memory is recorded in a graph");
    }
  } else if (from_place == Place::kPageable) {
    // The caller may change pageable memory as soon as the call returns.
    const auto* bytes_of = static_cast<const std::byte*>(from);
    auto staged = std::make_shared<std::vector<std::byte>>(bytes_of, bytes_of + bytes);
    work.run = [=] { std::memcpy(to, staged->data(), bytes); };
  }
  OpRef op;
  std::vector<Work> works;
  works.push_back(std::move(work));
  const cudaError_t error = machine.submit(lock, *stream, std::move(works), &op);
  if (error == cudaSuccess && op != nullptr && to_place == Place::kPageable) {
    const Clock clock = op->clock;  // Such a copy is complete when the call returns.
    machine.complete(lock, {op});
    machine.observe(lock, clock);
  } else {
    machine.progress(lock, op);
  }
  return error;
}

}  // namespace

const Block* Machine::block_of(const Lock& /*lock*/, const void* address,
                               std::uintptr_t* begin) const {
  auto at = blocks.upper_bound(number_of(address));
  if (at == blocks.begin()) {
    return nullptr;
  }
  --at;
  if (number_of(address) >= at->first + at->second.bytes) {
    return nullptr;
  }
  if (begin != nullptr) {
    *begin = at->first;
  }
  return &at->second;
}

std::optional<int> Machine::device_of(const Lock& lock, const void* address) const {
  const Block* block = block_of(lock, address);
  return block == nullptr || block->pinned ? std::nullopt : std::optional(block->device);
}

Work Machine::copy_work(const Lock& lock, const Copy& copy) const {
  Copy placed = copy;
  placed.devices = {device_of(lock, copy.to), device_of(lock, copy.from)};
  Work work{"copy",
            [=] { std::memcpy(copy.to, copy.from, copy.bytes); },
            {{{copy.to, copy.bytes}, true}},
            placed,
            cudaGraphNodeTypeMemcpy};
  if (place_of(*this, lock, copy.from) != Place::kPageable) {
    work.accesses.push_back({{copy.from, copy.bytes}, false});
  }
  return work;
}

bool Machine::is_possible(const Lock& lock, const Copy& copy) const {
  return fits(copy.kind, place_of(*this, lock, copy.to), place_of(*this, lock, copy.from));
}

std::string Machine::fault_of(const Lock& lock, const Work& work, int device) const {
  for (const Access& access : work.accesses) {
    if (access.range.bytes == 0) {
      continue;
    }
    std::uintptr_t begin = 0;
    const Block* block = block_of(lock, access.range.begin, &begin);
    if (block == nullptr) {
      const std::uintptr_t address = number_of(access.range.begin);
      const bool was_freed = std::ranges::any_of(freed, [&](const auto& old) {
        return address >= old.first && address < old.first + old.second.bytes;
      });
      if (was_freed) {
        return "'" + work.name + "' uses memory that was freed";
      }
      if (!work.copy.has_value()) {
        return "'" + work.name + "' uses memory that CUDA does not know";
      }
      continue;
    }
    if (number_of(access.range.begin) + access.range.bytes > begin + block->bytes) {
      return "'" + work.name + "' goes past the end of a block of " + std::to_string(block->bytes) +
             " bytes";
    }
    if (!block->pinned && block->device != device && !work.copy) {
      return "'" + work.name + "' on device " + std::to_string(device) + " uses memory of device " +
             std::to_string(block->device);
    }
  }
  return {};
}

}  // namespace replayrt::fakes::cuda

namespace fake = replayrt::fakes::cuda;
using fake::call;
using fake::CallKind;
using fake::Lock;
using fake::Machine;

extern "C" {

cudaError_t cudaMalloc(void** address, size_t bytes) {
  return call("cudaMalloc", CallKind::kAllocates, [&](Machine& machine, Lock& lock) {
    return fake::allocate(machine, lock, address, bytes, false);
  });
}

cudaError_t cudaFree(void* address) {
  return call("cudaFree", CallKind::kTakesEffect, [&](Machine& machine, Lock& lock) {
    return fake::give_back(machine, lock, address, false);
  });
}

cudaError_t cudaHostAlloc(void** address, size_t bytes, unsigned int /*flags*/) {
  return call("cudaHostAlloc", CallKind::kAllocates, [&](Machine& machine, Lock& lock) {
    return fake::allocate(machine, lock, address, bytes, true);
  });
}

cudaError_t cudaFreeHost(void* address) {
  return call("cudaFreeHost", CallKind::kTakesEffect, [&](Machine& machine, Lock& lock) {
    return fake::give_back(machine, lock, address, true);
  });
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  return call("cudaMemGetInfo", CallKind::kPlain, [&](Machine& machine, Lock&) {
    const fake::DeviceState& device =
        machine.devices[static_cast<std::size_t>(fake::this_thread().device)];
    *total = device.budget;
    *free = device.budget - std::min(device.budget, device.use.bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
  return call("cudaPointerGetAttributes", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    *attributes = {};
    attributes->type = cudaMemoryTypeUnregistered;
    attributes->device = cudaInvalidDeviceId;
    attributes->hostPointer = const_cast<void*>(address);
    if (const fake::Block* block = machine.block_of(lock, address); block != nullptr) {
      attributes->type = block->pinned ? cudaMemoryTypeHost : cudaMemoryTypeDevice;
      attributes->device = block->device;
      attributes->devicePointer = const_cast<void*>(address);
      attributes->hostPointer = block->pinned ? const_cast<void*>(address) : nullptr;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return call("cudaMemcpyAsync", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    return fake::copy(machine, lock, to, from, bytes, kind, stream);
  });
}

cudaError_t cudaMemsetAsync(void* address, int value, size_t bytes, cudaStream_t handle) {
  return call("cudaMemsetAsync", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    fake::Stream* stream = machine.find(lock, handle);
    if (stream == nullptr) {
      return cudaErrorInvalidResourceHandle;
    }
    if (bytes == 0) {
      return cudaSuccess;
    }
    if (machine.block_of(lock, address) == nullptr) {
      return cudaErrorInvalidValue;
    }
    std::vector<fake::Work> works;
    works.push_back({"fill",
                     [=] { std::memset(address, value, bytes); },
                     {{{address, bytes}, true}},
                     {},
                     cudaGraphNodeTypeMemset});
    fake::OpRef op;
    const cudaError_t error = machine.submit(lock, *stream, std::move(works), &op);
    machine.progress(lock, op);
    return error;
  });
}

}  // extern "C"
