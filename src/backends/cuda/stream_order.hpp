#pragma once

#include <cuda_runtime_api.h>

#include "backends/cuda/fence.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::cuda {

// How a run on a stream of ours is ordered against the caller's work. A null RunContext::stream
// means none: the inputs are ready when the call is made, and results are complete when it returns
// or its Completion is done. (cudaStreamLegacy and cudaStreamPerThread name CUDA's default
// streams.)

/// The caller's stream, or null.
inline cudaStream_t caller_stream(const RunContext& context) noexcept {
  return static_cast<cudaStream_t>(context.stream);
}

/// Throws Error(kUnsupported) if the caller's stream is in capture: what runs here cannot become
/// part of somebody else's graph.
void refuse_captured_caller(const RunContext& context);

/// Holds later work of `stream` back until the caller's `ready_event`, if there is one.
void wait_for_ready_event(cudaStream_t stream, const RunContext& context);

/// Holds later work of `ours` back until what the caller's stream was given so far, and
/// `ready_event`, are complete. Does not block. Throws as `refuse_captured_caller` and `check` do.
void begin_after_caller(cudaStream_t ours, const RunContext& context, FencePool& fences);

/// Returns when all work of `stream` is complete. If that cannot be told at the first attempt it is
/// tried once more, so that nothing of a call runs on after it, then the failure is thrown as
/// `check` does. May be called beside any capture but one of `stream`.
void finish(cudaStream_t stream);
/// The same for work that a failed call left, whose error is already on its way.
void drain(cudaStream_t stream) noexcept;

/// Holds later work of the caller's stream back until `results` is done. Nothing without a stream.
void make_caller_wait(const RunContext& context, const Fence& results);

}  // namespace replayrt::cuda
