#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

// For tests of CUDA's rules, which run on the double and on the real runtime alike: nothing but the
// public API of the CUDA runtime.
namespace replayrt::cuda_rules {

#define CUDA_OK(call) ASSERT_EQ(call, cudaSuccess)

/// Owns a handle for a test; errors of destruction are the test's own business.
template <class Native, cudaError_t (*destroy)(Native)>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Native native) : native_(native) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { reset(); }

  void reset() {
    if (native_ != Native{}) {
      static_cast<void>(destroy(native_));
      native_ = Native{};
    }
  }
  operator Native() const { return native_; }  // NOLINT: reads like the handle itself.
  Native* operator&() { return &native_; }     // NOLINT: for the functions that make it.

 private:
  Native native_{};
};
using OwnedStream = Owned<cudaStream_t, cudaStreamDestroy>;
using OwnedEvent = Owned<cudaEvent_t, cudaEventDestroy>;
using OwnedGraph = Owned<cudaGraph_t, cudaGraphDestroy>;
using OwnedExec = Owned<cudaGraphExec_t, cudaGraphExecDestroy>;

inline cudaStream_t new_stream(unsigned int flags = cudaStreamNonBlocking) {
  cudaStream_t stream = nullptr;
  EXPECT_EQ(cudaStreamCreateWithFlags(&stream, flags), cudaSuccess);
  return stream;
}

inline cudaEvent_t new_event() {
  cudaEvent_t event = nullptr;
  EXPECT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  return event;
}

/// Work on a stream that ends when the test says so.
class Barrier {
 public:
  Barrier() = default;
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;
  ~Barrier() { open(); }

  void enqueue(cudaStream_t stream) {
    EXPECT_EQ(
        cudaLaunchHostFunc(
            stream, [](void* self) { static_cast<Barrier*>(self)->opened_.wait(false); }, this),
        cudaSuccess);
  }
  void open() {
    opened_ = true;
    opened_.notify_all();
  }

 private:
  std::atomic<bool> opened_{false};
};

/// Device memory for a few numbers that shows what a stream has done so far.
class Numbers {
 public:
  Numbers() {
    EXPECT_EQ(cudaMalloc(&memory_, 4), cudaSuccess);
    OwnedStream stream(new_stream());
    EXPECT_EQ(cudaMemsetAsync(memory_, 0, 4, stream), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  }
  Numbers(const Numbers&) = delete;
  Numbers& operator=(const Numbers&) = delete;
  ~Numbers() { static_cast<void>(cudaFree(memory_)); }

  cudaError_t fill(unsigned char value, cudaStream_t stream) {
    return cudaMemsetAsync(memory_, value, 4, stream);
  }
  cudaError_t copy_from(const Numbers& other, cudaStream_t stream) {
    return cudaMemcpyAsync(memory_, other.memory_, 4, cudaMemcpyDeviceToDevice, stream);
  }
  /// Read by a stream of its own, so that no other stream is waited for.
  unsigned char read() const {
    OwnedStream stream(new_stream());
    unsigned char value[4] = {};
    EXPECT_EQ(cudaMemcpyAsync(value, memory_, 4, cudaMemcpyDeviceToHost, stream), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    return value[0];
  }

 private:
  void* memory_ = nullptr;
};

inline void in_another_thread(const std::function<void()>& work) {
  std::thread(work).join();
}

inline cudaStreamCaptureStatus status_of(cudaStream_t stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  EXPECT_EQ(cudaStreamIsCapturing(stream, &status), cudaSuccess);
  return status;
}

/// Ends a capture that was broken: an error, a null graph, and the stream can be used again.
inline void expect_broken(cudaStream_t stream) {
  cudaGraph_t graph = nullptr;
  EXPECT_NE(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_EQ(graph, nullptr);
  static_cast<void>(cudaGetLastError());
  EXPECT_EQ(status_of(stream), cudaStreamCaptureStatusNone);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
}

inline std::size_t node_count(cudaGraph_t graph) {
  std::size_t count = 0;
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &count), cudaSuccess);
  return count;
}

}  // namespace replayrt::cuda_rules
