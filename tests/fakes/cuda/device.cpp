// Devices, errors, and what every call goes through.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "fakes/cuda/machine.hpp"

namespace replayrt::fakes::cuda {
namespace {

/// Whether this call is the one that was to fail.
bool fails_now(Machine& machine, const char* name) {
  Failure& failure = machine.failure;
  if (failure.countdown <= 0 || (!failure.function.empty() && failure.function != name) ||
      --failure.countdown > 0) {
    return false;
  }
  failure.failed = name;
  return true;
}

cudaError_t missing_driver(const Machine& machine) {
  if (machine.options.driver_version / 1000 < CUDART_VERSION / 1000) {
    return cudaErrorInsufficientDriver;
  }
  return machine.devices.empty() ? cudaErrorNoDevice : cudaSuccess;
}

cudaError_t in_this_thread(cudaError_t error) {
  if (error != cudaSuccess) {
    this_thread().last_error = error;
  }
  return error;
}

}  // namespace

cudaError_t call(const char* name, CallKind kind,
                 const std::function<cudaError_t(Machine&, Lock&)>& body) {
  Machine& machine = Machine::instance();
  ThreadState& thread = this_thread();
  Lock lock(machine.mutex);
  if (thread.generation != machine.generation) {
    thread = {};
    thread.generation = machine.generation;
  }
  if (thread.in_work) {
    machine.violate(lock, std::string(name) + " is called from device work");
    return in_this_thread(cudaErrorNotPermitted);
  }
  if (machine.hook && !thread.in_hook) {
    const auto hook = machine.hook;
    lock.unlock();
    thread.in_hook = true;
    hook(name);
    thread.in_hook = false;
    lock.lock();
  }
  ++machine.calls[name];
  ++machine.calls[""];
  const bool fails = fails_now(machine, name);
  const cudaError_t injected = machine.failure.error.value_or(
      kind == CallKind::kAllocates ? cudaErrorMemoryAllocation : cudaErrorUnknown);
  if (fails && kind != CallKind::kTakesEffect) {
    return in_this_thread(injected);
  }
  if (const cudaError_t missing = missing_driver(machine); missing != cudaSuccess) {
    return in_this_thread(missing);
  }
  const cudaError_t broken = machine.broken(lock, thread.device);
  if (broken != cudaSuccess && kind != CallKind::kTakesEffect && kind != CallKind::kManages) {
    return in_this_thread(broken);
  }
  machine.failing = fails;
  cudaError_t error = body(machine, lock);
  if (error == cudaSuccess && kind != CallKind::kManages &&
      machine.generation == thread.generation) {
    // What the call itself let run may have failed.
    error = machine.broken(lock, thread.device);
  }
  return in_this_thread(fails ? injected : error);
}

namespace {

struct ErrorText {
  cudaError_t error;
  const char* name;
  const char* text;
};
#define REPLAYRT_ERROR(name, text) \
  { name, #name, text }
constexpr ErrorText kErrors[] = {
    REPLAYRT_ERROR(cudaSuccess, "no error"),
    REPLAYRT_ERROR(cudaErrorInvalidValue, "invalid argument"),
    REPLAYRT_ERROR(cudaErrorMemoryAllocation, "out of memory"),
    REPLAYRT_ERROR(cudaErrorInitializationError, "initialization error"),
    REPLAYRT_ERROR(cudaErrorInsufficientDriver,
                   "CUDA driver version is insufficient for CUDA runtime version"),
    REPLAYRT_ERROR(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    REPLAYRT_ERROR(cudaErrorInvalidDevice, "invalid device ordinal"),
    REPLAYRT_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    REPLAYRT_ERROR(cudaErrorIllegalState, "the operation cannot be performed in the present state"),
    REPLAYRT_ERROR(cudaErrorNotReady, "device not ready"),
    REPLAYRT_ERROR(cudaErrorLaunchFailure, "unspecified launch failure"),
    REPLAYRT_ERROR(cudaErrorNotPermitted, "operation not permitted"),
    REPLAYRT_ERROR(cudaErrorNotSupported, "operation not supported"),
    REPLAYRT_ERROR(cudaErrorStreamCaptureUnsupported,
                   "operation not permitted when stream is capturing"),
    REPLAYRT_ERROR(cudaErrorStreamCaptureInvalidated,
                   "operation failed due to a previous error during capture"),
    REPLAYRT_ERROR(cudaErrorStreamCaptureMerge,
                   "operation would result in a merge of separate capture sequences"),
    REPLAYRT_ERROR(cudaErrorStreamCaptureUnmatched,
                   "capture was not ended in the same stream as it began"),
    REPLAYRT_ERROR(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work"),
    REPLAYRT_ERROR(cudaErrorStreamCaptureIsolation,
                   "dependency created on uncaptured work in another stream"),
    REPLAYRT_ERROR(cudaErrorStreamCaptureImplicit,
                   "operation would make the legacy stream depend on a capturing blocking stream"),
    REPLAYRT_ERROR(cudaErrorCapturedEvent,
                   "operation not permitted on an event last recorded in a capturing stream"),
    REPLAYRT_ERROR(cudaErrorStreamCaptureWrongThread,
                   "attempt to terminate a thread-local capture sequence from another thread"),
    REPLAYRT_ERROR(cudaErrorUnknown, "unknown error"),
};
#undef REPLAYRT_ERROR

const ErrorText* text_of(cudaError_t error) {
  const auto* at = std::ranges::find(kErrors, error, &ErrorText::error);
  return at == std::end(kErrors) ? nullptr : at;
}

}  // namespace
}  // namespace replayrt::fakes::cuda

namespace fake = replayrt::fakes::cuda;
using fake::call;
using fake::CallKind;
using fake::Lock;
using fake::Machine;

extern "C" {

cudaError_t cudaGetLastError() {
  return std::exchange(fake::this_thread().last_error, cudaSuccess);
}

cudaError_t cudaPeekAtLastError() {
  return fake::this_thread().last_error;
}

const char* cudaGetErrorName(cudaError_t error) {
  const fake::ErrorText* found = fake::text_of(error);
  return found == nullptr ? "unrecognized error code" : found->name;
}

const char* cudaGetErrorString(cudaError_t error) {
  const fake::ErrorText* found = fake::text_of(error);
  return found == nullptr ? "unrecognized error code" : found->text;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  Machine& machine = Machine::instance();
  const Lock lock(machine.mutex);
  *version = machine.options.driver_version;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  return call("cudaGetDeviceCount", CallKind::kManages, [&](Machine& machine, Lock&) {
    *count = static_cast<int>(machine.devices.size());
    return cudaSuccess;
  });
}

cudaError_t cudaGetDevice(int* device) {
  return call("cudaGetDevice", CallKind::kManages, [&](Machine&, Lock&) {
    *device = fake::this_thread().device;
    return cudaSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return call("cudaSetDevice", CallKind::kManages, [&](Machine& machine, Lock&) {
    if (device < 0 || device >= static_cast<int>(machine.devices.size())) {
      return cudaErrorInvalidDevice;
    }
    fake::this_thread().device = device;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call("cudaGetDeviceProperties", CallKind::kManages, [&](Machine& machine, Lock&) {
    if (device < 0 || device >= static_cast<int>(machine.devices.size())) {
      return cudaErrorInvalidDevice;
    }
    std::memset(properties, 0, sizeof(*properties));
    std::snprintf(properties->name, sizeof(properties->name), "ReplayRT double %d", device);
    properties->major = 9;
    properties->minor = 0;
    properties->totalGlobalMem = machine.devices[static_cast<std::size_t>(device)].budget;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceSynchronize() {
  return call("cudaDeviceSynchronize", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    const int device = fake::this_thread().device;
    bool captured = false;
    for (const fake::CaptureRef& capture : machine.captures) {
      if (capture->graph.device == device) {
        machine.invalidate(lock, *capture);
        captured = true;
      }
    }
    if (captured) {
      return cudaErrorStreamCaptureUnsupported;
    }
    if (const cudaError_t error = machine.unsafe_call(lock); error != cudaSuccess) {
      return error;
    }
    const std::vector<fake::OpRef> ops = machine.pending_of(lock, device);
    machine.complete(lock, ops);
    machine.observe_device(lock, device);
    return cudaSuccess;
  });
}

}  // extern "C"
