// Stream capture and graphs.

#include <algorithm>
#include <set>
#include <utility>

#include "fakes/cuda/machine.hpp"

namespace replayrt::fakes::cuda {

void Machine::invalidate(const Lock& /*lock*/, Capture& capture) {
  capture.invalidated = true;
}

cudaError_t Machine::unsafe_call(const Lock& lock) {
  const ThreadState& thread = this_thread();
  if (thread.mode == cudaStreamCaptureModeRelaxed) {
    return cudaSuccess;
  }
  bool prohibited = false;
  for (const CaptureRef& capture : captures) {
    const bool mine = capture->thread == std::this_thread::get_id();
    const bool guarded = mine ? capture->mode != cudaStreamCaptureModeRelaxed
                              : capture->mode == cudaStreamCaptureModeGlobal &&
                                    thread.mode == cudaStreamCaptureModeGlobal;
    if (guarded) {
      invalidate(lock, *capture);
      prohibited = true;
    }
  }
  return prohibited ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

cudaError_t Machine::legacy_use(const Lock& lock, int device, bool invalidates) {
  bool capturing = false;
  const auto look = [&](const Stream& stream) {
    if (stream.blocking && stream.device == device && stream.capture != nullptr) {
      capturing = true;
      if (invalidates) {
        invalidate(lock, *stream.capture);
      }
    }
  };
  std::ranges::for_each(streams, [&](const auto& entry) { look(*entry.second); });
  std::ranges::for_each(thread_streams, [&](const auto& entry) { look(*entry.second); });
  return capturing ? cudaErrorStreamCaptureImplicit : cudaSuccess;
}

void Machine::end_capture(const Lock& /*lock*/, const CaptureRef& capture) {
  const CaptureRef ending = capture;
  ending->over = true;
  const auto leave = [&](Stream& stream) {
    if (stream.capture == ending) {
      stream.capture = nullptr;
      stream.capture_after.clear();
    }
  };
  std::ranges::for_each(streams, [&](const auto& entry) { leave(*entry.second); });
  std::ranges::for_each(thread_streams, [&](const auto& entry) { leave(*entry.second); });
  std::erase(captures, ending);
}

namespace {

void need_current(Machine& machine, const Lock& lock, const char* call, int device) {
  if (this_thread().device != device) {
    machine.violate(lock, std::string(call) + " on device " + std::to_string(device) + " while " +
                              std::to_string(this_thread().device) + " is current");
  }
}

/// Whether all nodes of the capture come before the end of its first stream.
bool is_joined(const Stream& origin) {
  const std::vector<Graph::Node>& nodes = origin.capture->graph.nodes;
  NodeSet reached;
  std::vector<std::size_t> open(origin.capture_after.begin(), origin.capture_after.end());
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (reached.insert(node).second) {
      open.insert(open.end(), nodes[node].after.begin(), nodes[node].after.end());
    }
  }
  return reached.size() == nodes.size();
}

cudaError_t begin(Machine& machine, const Lock& lock, cudaStream_t handle,
                  cudaStreamCaptureMode mode) {
  Stream* stream = machine.find(lock, handle);
  if (stream == nullptr) {
    return cudaErrorInvalidResourceHandle;
  }
  if (stream->legacy) {
    return cudaErrorStreamCaptureUnsupported;
  }
  if (stream->capture != nullptr) {
    return cudaErrorIllegalState;
  }
  need_current(machine, lock, "cudaStreamBeginCapture", stream->device);
  auto capture = std::make_shared<Capture>();
  capture->origin = stream;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->graph.device = stream->device;
  stream->capture = capture;
  machine.captures.push_back(std::move(capture));
  return cudaSuccess;
}

cudaError_t end(Machine& machine, const Lock& lock, cudaStream_t handle, cudaGraph_t* graph,
                bool fails) {
  *graph = nullptr;
  Stream* stream = machine.find(lock, handle);
  if (stream == nullptr) {
    return cudaErrorInvalidResourceHandle;
  }
  const CaptureRef capture = stream->capture;
  if (capture == nullptr) {
    return cudaErrorIllegalState;
  }
  if (capture->mode != cudaStreamCaptureModeRelaxed &&
      capture->thread != std::this_thread::get_id()) {
    return cudaErrorStreamCaptureWrongThread;
  }
  if (capture->origin != stream) {
    machine.invalidate(lock, *capture);
    return cudaErrorStreamCaptureUnmatched;
  }
  const bool joined = is_joined(*stream);
  machine.end_capture(lock, capture);
  if (capture->invalidated) {
    return cudaErrorStreamCaptureInvalidated;
  }
  if (!joined) {
    return cudaErrorStreamCaptureUnjoined;
  }
  if (!fails) {
    for (Graph::Node& node : capture->graph.nodes) {
      node.handle = machine.new_handle<cudaGraphNode_t>();
    }
    *graph = machine.new_handle<cudaGraph_t>();
    machine.graphs.emplace(*graph, std::move(capture->graph));
  }
  return cudaSuccess;
}

GraphExec* find(Machine& machine, const Lock& lock, cudaGraphExec_t handle) {
  const auto at = machine.graph_execs.find(handle);
  if (at == machine.graph_execs.end()) {
    machine.violate(lock, "an executable graph is used that was destroyed, or never made");
    return nullptr;
  }
  return &at->second;
}

/// Enqueues `works` of an executable graph, behind its launches so far.
cudaError_t enqueue(Machine& machine, Lock& lock, const char* call, cudaGraphExec_t exec_handle,
                    cudaStream_t handle, bool launches) {
  GraphExec* exec = find(machine, lock, exec_handle);
  Stream* stream = machine.find(lock, handle);
  if (exec == nullptr || stream == nullptr) {
    return cudaErrorInvalidValue;
  }
  need_current(machine, lock, call, exec->device);
  if (stream->capture != nullptr) {  // Child graphs and uploads in a capture: not needed here.
    machine.invalidate(lock, *stream->capture);
    return cudaErrorStreamCaptureUnsupported;
  }
  OpRef op;
  const cudaError_t error =
      machine.submit(lock, *stream, launches ? exec->works : std::vector<Work>(), &op,
                     exec->last_launch, &exec->last_clock);
  if (error == cudaSuccess && launches) {
    exec->last_launch = op;
    exec->last_clock = op->clock;
  }
  machine.progress(lock, op);
  return error;
}

}  // namespace
}  // namespace replayrt::fakes::cuda

namespace fake = replayrt::fakes::cuda;
using fake::call;
using fake::CallKind;
using fake::Lock;
using fake::Machine;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return call("cudaStreamBeginCapture", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    return fake::begin(machine, lock, stream, mode);
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return call("cudaStreamEndCapture", CallKind::kTakesEffect, [&](Machine& machine, Lock& lock) {
    return fake::end(machine, lock, stream, graph, machine.failing);
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  return call("cudaStreamIsCapturing", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    fake::Stream* stream = machine.find(lock, handle);
    if (stream == nullptr) {
      return cudaErrorInvalidResourceHandle;
    }
    if (stream->legacy) {
      if (const cudaError_t error = machine.legacy_use(lock, stream->device, false);
          error != cudaSuccess) {
        return error;
      }
    }
    *status = stream->capture == nullptr     ? cudaStreamCaptureStatusNone
              : stream->capture->invalidated ? cudaStreamCaptureStatusInvalidated
                                             : cudaStreamCaptureStatusActive;
    return cudaSuccess;
  });
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  return call("cudaThreadExchangeStreamCaptureMode", CallKind::kPlain, [&](Machine&, Lock&) {
    std::swap(fake::this_thread().mode, *mode);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call("cudaGraphDestroy", CallKind::kTakesEffect, [&](Machine& machine, Lock& lock) {
    if (machine.graphs.erase(graph) == 0) {
      machine.violate(lock, "a graph is destroyed twice, or was never made");
      return cudaErrorInvalidValue;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* handle, cudaGraph_t graph,
                                 unsigned long long flags) {
  return call("cudaGraphInstantiate", CallKind::kAllocates, [&](Machine& machine, Lock& lock) {
    const auto at = machine.graphs.find(graph);
    if (at == machine.graphs.end() || flags != 0) {
      return cudaErrorInvalidValue;
    }
    fake::need_current(machine, lock, "cudaGraphInstantiate", at->second.device);
    fake::GraphExec exec;
    exec.device = at->second.device;
    for (const fake::Graph::Node& node : at->second.nodes) {
      exec.places.emplace(node.handle, exec.works.size());
      exec.works.push_back(node.work);
    }
    *handle = machine.new_handle<cudaGraphExec_t>();
    machine.graph_execs.emplace(*handle, std::move(exec));
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t handle) {
  return call("cudaGraphExecDestroy", CallKind::kTakesEffect, [&](Machine& machine, Lock& lock) {
    fake::GraphExec* exec = fake::find(machine, lock, handle);
    if (exec == nullptr) {
      return cudaErrorInvalidValue;
    }
    if (exec->last_launch != nullptr && !machine.is_observed(lock, exec->last_launch)) {
      machine.violate(lock, "an executable graph is destroyed while it may still run");
    }
    machine.graph_execs.erase(handle);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t stream) {
  return call("cudaGraphUpload", CallKind::kAllocates, [&](Machine& machine, Lock& lock) {
    return fake::enqueue(machine, lock, "cudaGraphUpload", exec, stream, false);
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  return call("cudaGraphLaunch", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    return fake::enqueue(machine, lock, "cudaGraphLaunch", exec, stream, true);
  });
}

}  // extern "C"
