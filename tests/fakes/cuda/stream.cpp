// Streams, events and what is enqueued on streams but copies.

#include <utility>

#include "fakes/cuda/machine.hpp"

namespace replayrt::fakes::cuda {
namespace {

cudaError_t synchronize(Machine& machine, Lock& lock, cudaStream_t handle) {
  Stream* stream = machine.find(lock, handle);
  if (stream == nullptr) {
    return cudaErrorInvalidResourceHandle;
  }
  if (stream->capture != nullptr) {
    machine.invalidate(lock, *stream->capture);
    return cudaErrorStreamCaptureUnsupported;
  }
  if (const cudaError_t error = machine.unsafe_call(lock); error != cudaSuccess) {
    return error;
  }
  if (stream->legacy) {
    if (const cudaError_t error = machine.legacy_use(lock, stream->device, true);
        error != cudaSuccess) {
      return error;
    }
    machine.mark(lock, *stream);  // So that it follows the blocking streams.
  }
  const Clock clock = stream->clock;
  const int device = stream->device;
  machine.complete(lock, {stream->tail});
  machine.observe(lock, clock);
  return machine.broken(lock, device);
}

/// Success if `op` is done, and then the host knows that what `clock` names is.
cudaError_t query(Machine& machine, Lock& lock, const OpRef& op, const Clock& clock) {
  if (const cudaError_t error = machine.unsafe_call(lock); error != cudaSuccess) {
    return error;
  }
  if (!machine.is_done(lock, op)) {
    if (machine.options.progress == Progress::kDeferred || machine.held) {
      return cudaErrorNotReady;
    }
    machine.complete(lock, {op});
  }
  machine.observe(lock, clock);
  return op == nullptr ? cudaSuccess : machine.broken(lock, op->device);
}

cudaError_t refuse_captured(Machine& machine, const Lock& lock, const Event& event) {
  if (event.capture == nullptr) {
    return cudaSuccess;
  }
  if (!event.capture->over) {
    machine.invalidate(lock, *event.capture);
  }
  return cudaErrorCapturedEvent;
}

cudaError_t record(Machine& machine, Lock& lock, cudaEvent_t event_handle,
                   cudaStream_t stream_handle) {
  Event* event = machine.find(lock, event_handle);
  Stream* stream = machine.find(lock, stream_handle);
  if (event == nullptr || stream == nullptr || event->device != stream->device) {
    return cudaErrorInvalidResourceHandle;
  }
  if (stream->capture != nullptr) {
    if (stream->capture->invalidated) {
      return cudaErrorStreamCaptureInvalidated;
    }
    event->capture = stream->capture;
    event->capture_after = stream->capture_after;
    return cudaSuccess;
  }
  if (stream->legacy) {
    if (const cudaError_t error = machine.legacy_use(lock, stream->device, true);
        error != cudaSuccess) {
      return error;
    }
  }
  event->capture = nullptr;
  event->op = machine.mark(lock, *stream);
  event->clock = event->op->clock;
  machine.progress(lock, event->op);
  return cudaSuccess;
}

cudaError_t wait_in_capture(Machine& machine, const Lock& lock, Stream& stream,
                            const Event& event) {
  if (event.capture->over) {
    return cudaErrorCapturedEvent;
  }
  if (stream.capture != nullptr && stream.capture != event.capture) {
    machine.invalidate(lock, *stream.capture);
    machine.invalidate(lock, *event.capture);
    return cudaErrorStreamCaptureMerge;
  }
  if (event.capture->invalidated) {
    return cudaErrorStreamCaptureInvalidated;
  }
  if (stream.legacy) {
    machine.invalidate(lock, *event.capture);
    return cudaErrorStreamCaptureImplicit;
  }
  // A stream that waits for a captured event becomes part of that capture.
  stream.capture = event.capture;
  stream.capture_after.insert(event.capture_after.begin(), event.capture_after.end());
  return cudaSuccess;
}

cudaError_t wait(Machine& machine, Lock& lock, cudaStream_t stream_handle,
                 cudaEvent_t event_handle) {
  Event* event = machine.find(lock, event_handle);
  Stream* stream = machine.find(lock, stream_handle);
  if (event == nullptr || stream == nullptr) {
    return cudaErrorInvalidResourceHandle;
  }
  if (event->capture != nullptr) {
    return wait_in_capture(machine, lock, *stream, *event);
  }
  if (stream->capture != nullptr) {
    if (stream->capture->invalidated) {
      return cudaErrorStreamCaptureInvalidated;
    }
    machine.invalidate(lock, *stream->capture);
    return cudaErrorStreamCaptureIsolation;
  }
  if (stream->legacy) {
    if (const cudaError_t error = machine.legacy_use(lock, stream->device, true);
        error != cudaSuccess) {
      return error;
    }
  }
  if (event->op != nullptr) {
    machine.progress(lock, machine.mark(lock, *stream, event->op, &event->clock));
  }
  return cudaSuccess;
}

cudaError_t enqueue(Machine& machine, Lock& lock, Stream& stream, Work work) {
  std::vector<Work> works;
  works.push_back(std::move(work));
  OpRef op;
  const cudaError_t error = machine.submit(lock, stream, std::move(works), &op);
  machine.progress(lock, op);
  return error;
}

}  // namespace

cudaError_t launch_kernel(cudaStream_t handle, Kernel kernel) {
  return call("cudaLaunchKernel", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    Stream* stream = machine.find(lock, handle);
    if (stream == nullptr || stream->device != this_thread().device) {
      return cudaErrorInvalidResourceHandle;
    }
    Work work{std::move(kernel.name), std::move(kernel.run), {}};
    for (const Range& range : kernel.reads) {
      work.accesses.push_back({range, false});
    }
    for (const Range& range : kernel.writes) {
      work.accesses.push_back({range, true});
    }
    return enqueue(machine, lock, *stream, std::move(work));
  });
}

}  // namespace replayrt::fakes::cuda

namespace fake = replayrt::fakes::cuda;
using fake::call;
using fake::CallKind;
using fake::Lock;
using fake::Machine;

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* handle, unsigned int flags) {
  return call("cudaStreamCreateWithFlags", CallKind::kPlain, [&](Machine& machine, Lock&) {
    if (flags != cudaStreamDefault && flags != cudaStreamNonBlocking) {
      return cudaErrorInvalidValue;
    }
    auto stream = std::make_unique<fake::Stream>();
    stream->device = fake::this_thread().device;
    stream->blocking = flags == cudaStreamDefault;
    machine.number(*stream);
    *handle = machine.new_handle<cudaStream_t>();
    machine.streams.emplace(*handle, std::move(stream));
    return cudaSuccess;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return call("cudaStreamDestroy", CallKind::kTakesEffect, [&](Machine& machine, Lock& lock) {
    const auto at = machine.streams.find(handle);
    if (at == machine.streams.end()) {
      machine.violate(lock, "a stream is destroyed twice, or was never made");
      return cudaErrorInvalidResourceHandle;
    }
    if (at->second->capture != nullptr) {
      machine.violate(lock, "a stream is destroyed while it is in capture");
      if (at->second->capture->origin == at->second.get()) {
        machine.end_capture(lock, at->second->capture);
      }
    }
    machine.streams.erase(at);  // Its work goes on.
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return call("cudaStreamSynchronize", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    return fake::synchronize(machine, lock, handle);
  });
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  return call("cudaStreamQuery", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    fake::Stream* stream = machine.find(lock, handle);
    if (stream == nullptr) {
      return cudaErrorInvalidResourceHandle;
    }
    if (stream->capture != nullptr) {
      machine.invalidate(lock, *stream->capture);
      return cudaErrorStreamCaptureUnsupported;
    }
    return fake::query(machine, lock, stream->tail, fake::Clock(stream->clock));
  });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* data) {
  return call("cudaLaunchHostFunc", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    fake::Stream* stream = machine.find(lock, handle);
    if (stream == nullptr) {
      return cudaErrorInvalidResourceHandle;
    }
    return fake::enqueue(machine, lock, *stream,
                         {"host function", [=] { function(data); }, {}, {}, cudaGraphNodeTypeHost});
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags) {
  return call("cudaStreamWaitEvent", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    return flags == cudaEventWaitDefault ? fake::wait(machine, lock, stream, event)
                                         : cudaErrorInvalidValue;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* handle, unsigned int /*flags*/) {
  return call("cudaEventCreateWithFlags", CallKind::kPlain, [&](Machine& machine, Lock&) {
    *handle = machine.new_handle<cudaEvent_t>();
    machine.events[*handle].device = fake::this_thread().device;
    return cudaSuccess;
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  return call("cudaEventDestroy", CallKind::kTakesEffect, [&](Machine& machine, Lock& lock) {
    if (machine.events.erase(handle) == 0) {
      machine.violate(lock, "an event is destroyed twice, or was never made");
      return cudaErrorInvalidResourceHandle;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call("cudaEventRecord", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    return fake::record(machine, lock, event, stream);
  });
}

cudaError_t cudaEventQuery(cudaEvent_t handle) {
  return call("cudaEventQuery", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    fake::Event* event = machine.find(lock, handle);
    if (event == nullptr) {
      return cudaErrorInvalidResourceHandle;
    }
    if (const cudaError_t error = fake::refuse_captured(machine, lock, *event);
        error != cudaSuccess) {
      return error;
    }
    return fake::query(machine, lock, event->op, fake::Clock(event->clock));
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  return call("cudaEventSynchronize", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    fake::Event* event = machine.find(lock, handle);
    if (event == nullptr) {
      return cudaErrorInvalidResourceHandle;
    }
    if (const cudaError_t error = fake::refuse_captured(machine, lock, *event);
        error != cudaSuccess) {
      return error;
    }
    if (const cudaError_t error = machine.unsafe_call(lock); error != cudaSuccess) {
      return error;
    }
    const fake::Clock clock = event->clock;
    const fake::OpRef op = event->op;
    machine.complete(lock, {op});
    machine.observe(lock, clock);
    return op == nullptr ? cudaSuccess : machine.broken(lock, op->device);
  });
}

}  // extern "C"
