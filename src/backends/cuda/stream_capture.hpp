#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "backends/cuda/handles.hpp"

namespace replayrt::cuda {

/// Records what is enqueued on a stream, rather than running it, for a scope. Thread-local mode:
/// other threads may allocate, free and wait meanwhile; this thread must not, but for scopes of
/// RelaxedCaptureMode. To be used by one thread. However the scope is left, the stream is in no
/// capture afterwards and the thread's last error is clear.
class StreamCapture {
 public:
  /// Begins to record `stream`, a stream of this library's own that is idle and outlives the scope.
  /// Throws as `check` does.
  explicit StreamCapture(cudaStream_t stream);
  ~StreamCapture();
  StreamCapture(const StreamCapture&) = delete;
  StreamCapture& operator=(const StreamCapture&) = delete;

  /// Ends the recording; to be called once. Throws CaptureRefused(kCaptureFailed) that says what
  /// CUDA reports if the recording was broken (an illegal call while it ran, a forked stream that
  /// was not joined), and if nothing was recorded beside `own_nodes` nodes that the caller itself
  /// put in: a null graph, or one without further nodes.
  Graph end(std::size_t own_nodes = 0);

 private:
  cudaStream_t stream_;
  bool recording_ = true;
};

}  // namespace replayrt::cuda
