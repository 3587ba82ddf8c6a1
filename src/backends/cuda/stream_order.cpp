#include "backends/cuda/stream_order.hpp"

#include "backends/cuda/capture_mode.hpp"
#include "backends/cuda/check.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cuda {

void refuse_captured_caller(const RunContext& context) {
  if (context.stream == nullptr) {
    return;
  }
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(caller_stream(context), &status), "cudaStreamIsCapturing",
        "the caller's stream");
  if (status != cudaStreamCaptureStatusNone) {
    throw Error(ErrorCode::kUnsupported,
                "the caller's stream is in capture: a run cannot become part of another graph");
  }
}

void wait_for_ready_event(cudaStream_t stream, const RunContext& context) {
  if (context.ready_event != nullptr) {
    check(cudaStreamWaitEvent(stream, static_cast<cudaEvent_t>(context.ready_event),
                              cudaEventWaitDefault),
          "cudaStreamWaitEvent", "the caller's ready_event");
  }
}

void begin_after_caller(cudaStream_t ours, const RunContext& context, FencePool& fences) {
  if (context.stream != nullptr && caller_stream(context) != ours) {
    refuse_captured_caller(context);
    fences.record(caller_stream(context))->hold_back(ours);
  }
  wait_for_ready_event(ours, context);
}

void finish(cudaStream_t stream) {
  const RelaxedCaptureMode relaxed;
  if (const cudaError_t error = cudaStreamSynchronize(stream); error != cudaSuccess) {
    drain(stream);
    throw_error(error, "cudaStreamSynchronize");
  }
}

void drain(cudaStream_t stream) noexcept {
  const RelaxedCaptureMode relaxed;
  if (!succeeded(cudaStreamSynchronize(stream))) {
    static_cast<void>(succeeded(cudaStreamSynchronize(stream)));
  }
}

void make_caller_wait(const RunContext& context, const Fence& results) {
  if (context.stream != nullptr) {
    results.hold_back(caller_stream(context));
  }
}

}  // namespace replayrt::cuda
