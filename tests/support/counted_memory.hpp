#pragma once

// Replaces operator new and delete of the whole program and counts the bytes that are in use.
// Include it in one source file of a program.

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace replayrt::support {

inline std::atomic<std::size_t> bytes_in_use{0};
inline std::atomic<std::size_t> peak_bytes{0};

inline void* counted(void* memory) {
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  const std::size_t now = bytes_in_use += malloc_usable_size(memory);
  peak_bytes = std::max(peak_bytes.load(), now);  // One thread allocates at a time.
  return memory;
}

inline void release(void* memory) noexcept {
  if (memory != nullptr) {
    bytes_in_use -= malloc_usable_size(memory);
    std::free(memory);
  }
}

}  // namespace replayrt::support

void* operator new(std::size_t bytes) {
  return replayrt::support::counted(std::malloc(bytes));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto to = static_cast<std::size_t>(alignment);
  return replayrt::support::counted(std::aligned_alloc(to, (bytes + to - 1) / to * to));
}
void operator delete(void* memory) noexcept {
  replayrt::support::release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  replayrt::support::release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  replayrt::support::release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  replayrt::support::release(memory);
}
