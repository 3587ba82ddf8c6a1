#include "backends/cuda/stream_capture.hpp"

#include <string>

#include "backends/cuda/check.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::cuda {

StreamCapture::StreamCapture(cudaStream_t stream) : stream_(stream) {
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
}

StreamCapture::~StreamCapture() {
  if (recording_) {
    cudaGraph_t graph = nullptr;
    static_cast<void>(succeeded(cudaStreamEndCapture(stream_, &graph)));
    const Graph unused(graph);
  }
}

Graph StreamCapture::end(std::size_t own_nodes) {
  recording_ = false;
  cudaGraph_t native = nullptr;
  const cudaError_t error = cudaStreamEndCapture(stream_, &native);
  Graph graph(native);
  if (error == cudaErrorMemoryAllocation) {
    throw_error(error, "cudaStreamEndCapture");
  }
  if (!succeeded(error)) {
    throw CaptureRefused(Reason::kCaptureFailed,
                         "the capture was broken: cudaStreamEndCapture: " + error_text(error));
  }
  std::size_t nodes = 0;
  if (graph) {
    check(cudaGraphGetNodes(graph.get(), nullptr, &nodes), "cudaGraphGetNodes");
  }
  if (nodes <= own_nodes) {
    throw CaptureRefused(
        Reason::kCaptureFailed,
        "the capture recorded nothing: cudaStreamEndCapture gave " +
            (!graph           ? std::string("no graph")
             : own_nodes == 0 ? std::string("a graph without nodes")
                              : "a graph of " + std::to_string(nodes) + " copies and no more"));
  }
  return graph;
}

}  // namespace replayrt::cuda
