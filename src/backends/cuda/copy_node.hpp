#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "backends/cuda/handles.hpp"

namespace replayrt::cuda {

/// A copy that was captured in a graph and whose addresses may change from launch to launch of the
/// executable graph: it costs a launch nothing, where a copy outside the graph costs the host
/// several microseconds. Not thread-safe. The graph must live as long as this is used.
class CopyNode {
 public:
  /// The node of `graph` that copies from `from` to `to`, of which there must be one. `bytes` is
  /// what it copies, at least 1. Throws CaptureRefused if there is none, or as `check` does.
  static CopyNode find(const Graph& graph, void* to, const void* from, std::size_t bytes);

  /// What launches of `exec`, made of the graph, copy from now on; those that are enqueued are not
  /// touched. Both must lie in memory of the same kind and device as before. False if CUDA will not
  /// have it (memory of an allocator that maps it otherwise): then all is as it was. Throws as
  /// `check` does.
  [[nodiscard]] bool set(const GraphExec& exec, void* to, const void* from);

 private:
  CopyNode(cudaGraphNode_t node, void* to, const void* from, std::size_t bytes) noexcept
      : node_(node), to_(to), from_(from), bytes_(bytes) {}

  cudaGraphNode_t node_;
  void* to_;
  const void* from_;
  std::size_t bytes_;
};

}  // namespace replayrt::cuda
