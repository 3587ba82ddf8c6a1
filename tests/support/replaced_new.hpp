#pragma once

// Replaces operator new of the whole program, so that a test can count allocations or make one
// fail. Include it in one source file of a program, which defines `may_allocate`.

#include <cstddef>
#include <cstdlib>
#include <new>

namespace replayrt::support {

/// Asked before every allocation of the program, from any thread; false makes it fail. Must not
/// allocate.
bool may_allocate() noexcept;

inline void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
  if (!may_allocate()) {
    return nullptr;
  }
  return alignment <= alignof(std::max_align_t)
             ? std::malloc(bytes)
             : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

inline void* allocate_or_throw(std::size_t bytes, std::size_t alignment) {
  void* memory = allocate(bytes, alignment);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return memory;
}

}  // namespace replayrt::support

void* operator new(std::size_t bytes) {
  return replayrt::support::allocate_or_throw(bytes, 1);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return replayrt::support::allocate_or_throw(bytes, static_cast<std::size_t>(alignment));
}
// A sanitizer brings its own versions of these, whose memory the deletes below must not free.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return replayrt::support::allocate(bytes, 1);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return replayrt::support::allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
