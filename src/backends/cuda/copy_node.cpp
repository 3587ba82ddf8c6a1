#include "backends/cuda/copy_node.hpp"

#include <string>
#include <vector>

#include "backends/cuda/check.hpp"
#include "replayrt/core/engine.hpp"

namespace replayrt::cuda {
namespace {

std::vector<cudaGraphNode_t> nodes_of(const Graph& graph) {
  std::size_t count = 0;
  check(cudaGraphGetNodes(graph.get(), nullptr, &count), "cudaGraphGetNodes");
  std::vector<cudaGraphNode_t> nodes(count);
  check(cudaGraphGetNodes(graph.get(), nodes.data(), &count), "cudaGraphGetNodes");
  return nodes;
}

}  // namespace

CopyNode CopyNode::find(const Graph& graph, void* to, const void* from, std::size_t bytes) {
  for (const cudaGraphNode_t node : nodes_of(graph)) {
    cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
    check(cudaGraphNodeGetType(node, &type), "cudaGraphNodeGetType");
    if (type != cudaGraphNodeTypeMemcpy) {
      continue;
    }
    cudaMemcpy3DParms params = {};
    check(cudaGraphMemcpyNodeGetParams(node, &params), "cudaGraphMemcpyNodeGetParams");
    if (params.dstPtr.ptr == to && params.srcPtr.ptr == from) {
      return {node, to, from, bytes};
    }
  }
  throw CaptureRefused(Reason::kCaptureFailed, "a captured copy of " + std::to_string(bytes) +
                                                   " bytes is not among the graph's nodes");
}

bool CopyNode::set(const GraphExec& exec, void* to, const void* from) {
  if (to == to_ && from == from_) {
    return true;
  }
  const cudaError_t error =
      cudaGraphExecMemcpyNodeSetParams1D(exec.get(), node_, to, from, bytes_, cudaMemcpyDefault);
  if (error == cudaErrorInvalidValue) {
    return succeeded(error);
  }
  check(error, "cudaGraphExecMemcpyNodeSetParams1D");
  to_ = to;
  from_ = from;
  return true;
}

}  // namespace replayrt::cuda
