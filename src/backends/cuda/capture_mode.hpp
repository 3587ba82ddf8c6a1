#pragma once

namespace replayrt::cuda {

/// For a scope, this thread's calls that CUDA takes for unsafe beside a capture (to allocate or
/// free memory, to ask for or wait for an event) neither fail nor break a capture: not one of this
/// thread, not one that another library began in global mode in another thread. Only for calls on
/// things that no capture uses. Nests.
class RelaxedCaptureMode {
 public:
  RelaxedCaptureMode() noexcept;
  ~RelaxedCaptureMode();
  RelaxedCaptureMode(const RelaxedCaptureMode&) = delete;
  RelaxedCaptureMode& operator=(const RelaxedCaptureMode&) = delete;

 private:
  int previous_ = 0;  ///< A cudaStreamCaptureMode; -1: it could not be changed.
};

}  // namespace replayrt::cuda
