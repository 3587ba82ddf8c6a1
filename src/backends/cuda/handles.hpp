#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <utility>

namespace replayrt::cuda {

/// Owns one CUDA object; move-only. `Traits` names the native type and how it is destroyed. Not
/// thread-safe. The destructor needs no device to be current, clears the error if CUDA reports one
/// and never throws. It does not wait: who destroys a handle has seen to it that its work is done.
template <class Traits>
class Handle {
 public:
  using Native = typename Traits::Native;

  Handle() noexcept = default;  ///< Empty.
  explicit Handle(Native native) noexcept : native_(native) {}
  Handle(Handle&& other) noexcept : native_(std::exchange(other.native_, Native{})) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      native_ = std::exchange(other.native_, Native{});
    }
    return *this;
  }
  ~Handle() { reset(); }

  [[nodiscard]] Native get() const noexcept { return native_; }
  explicit operator bool() const noexcept { return native_ != Native{}; }

  void reset() noexcept {
    if (native_ != Native{}) {
      Traits::destroy(std::exchange(native_, Native{}));
    }
  }

 private:
  Native native_{};
};

namespace detail {
struct StreamTraits {
  using Native = cudaStream_t;
  static void destroy(Native stream) noexcept;
};
struct EventTraits {
  using Native = cudaEvent_t;
  static void destroy(Native event) noexcept;
};
struct GraphTraits {
  using Native = cudaGraph_t;
  static void destroy(Native graph) noexcept;
};
struct GraphExecTraits {
  using Native = cudaGraphExec_t;
  static void destroy(Native graph) noexcept;
};
struct DeviceMemoryTraits {
  using Native = void*;
  static void destroy(Native memory) noexcept;
};
struct PinnedMemoryTraits {
  using Native = void*;
  static void destroy(Native memory) noexcept;
};
}  // namespace detail

using Stream = Handle<detail::StreamTraits>;
using Event = Handle<detail::EventTraits>;
using Graph = Handle<detail::GraphTraits>;
using GraphExec = Handle<detail::GraphExecTraits>;
using DeviceMemory = Handle<detail::DeviceMemoryTraits>;
using PinnedMemory = Handle<detail::PinnedMemoryTraits>;

// All belong to the device that is current. All throw as `check` does; out of memory names the
// bytes. Memory may be made and freed while any thread captures a graph, this one too.

/// A non-blocking stream: it never waits for the legacy default stream, nor that for it.
Stream make_stream();
/// An event without timing.
Event make_event();
/// Device memory, aligned to at least 256 bytes, contents unspecified. 0 bytes give an empty
/// handle.
DeviceMemory make_device_memory(std::size_t bytes);
/// Page-locked host memory, contents unspecified. 0 bytes give an empty handle.
PinnedMemory make_pinned_memory(std::size_t bytes);

/// Makes `graph` executable and uploads it on `stream`, so that the first launch costs no more than
/// the next. `graph` is not needed afterwards. The upload need not be complete on return.
GraphExec make_executable(const Graph& graph, cudaStream_t stream);

}  // namespace replayrt::cuda
