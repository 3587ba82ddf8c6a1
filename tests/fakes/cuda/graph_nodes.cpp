// The nodes of a graph, and the copies of an executable graph that get other addresses.

#include <algorithm>

#include "fakes/cuda/machine.hpp"

namespace replayrt::fakes::cuda {
namespace {

/// Null, and a violation, if no graph has such a node (any more).
const Graph::Node* find(Machine& machine, const Lock& lock, cudaGraphNode_t handle) {
  for (const auto& [graph_handle, graph] : machine.graphs) {
    const auto at = std::ranges::find(graph.nodes, handle, &Graph::Node::handle);
    if (at != graph.nodes.end()) {
      return &*at;
    }
  }
  machine.violate(lock, "a node is used whose graph was destroyed, or that was never made");
  return nullptr;
}

cudaError_t get_nodes(const Graph& graph, cudaGraphNode_t* nodes, std::size_t* count) {
  if (nodes == nullptr) {
    *count = graph.nodes.size();
    return cudaSuccess;
  }
  for (std::size_t i = 0; i < *count; ++i) {
    nodes[i] = i < graph.nodes.size() ? graph.nodes[i].handle : nullptr;
  }
  *count = std::min(*count, graph.nodes.size());
  return cudaSuccess;
}

cudaError_t set_copy(Machine& machine, const Lock& lock, GraphExec& exec, cudaGraphNode_t handle,
                     const Copy& copy) {
  const Graph::Node* node = find(machine, lock, handle);
  const auto place = exec.places.find(handle);
  if (node == nullptr || place == exec.places.end() || !node->work.copy.has_value() ||
      copy.bytes == 0 || !machine.is_possible(lock, copy)) {
    return cudaErrorInvalidValue;
  }
  Work work = machine.copy_work(lock, copy);
  if (work.copy->devices != node->work.copy->devices) {
    return cudaErrorInvalidValue;
  }
  exec.works[place->second] = std::move(work);
  return cudaSuccess;
}

}  // namespace
}  // namespace replayrt::fakes::cuda

namespace fake = replayrt::fakes::cuda;
using fake::call;
using fake::CallKind;
using fake::Lock;
using fake::Machine;

extern "C" {

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  return call("cudaGraphGetNodes", CallKind::kPlain, [&](Machine& machine, Lock&) {
    const auto at = machine.graphs.find(graph);
    return at == machine.graphs.end() ? cudaErrorInvalidValue
                                      : fake::get_nodes(at->second, nodes, count);
  });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t handle, cudaGraphNodeType* type) {
  return call("cudaGraphNodeGetType", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    const fake::Graph::Node* node = fake::find(machine, lock, handle);
    if (node == nullptr) {
      return cudaErrorInvalidValue;
    }
    *type = node->work.node_type;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphMemcpyNodeGetParams(cudaGraphNode_t handle, cudaMemcpy3DParms* params) {
  return call("cudaGraphMemcpyNodeGetParams", CallKind::kPlain, [&](Machine& machine, Lock& lock) {
    const fake::Graph::Node* node = fake::find(machine, lock, handle);
    if (node == nullptr || !node->work.copy.has_value()) {
      return cudaErrorInvalidValue;
    }
    const fake::Copy& copy = *node->work.copy;
    *params = {};
    params->srcPtr.ptr = const_cast<void*>(copy.from);
    params->dstPtr.ptr = copy.to;
    params->extent = {copy.bytes, 1, 1};
    params->kind = copy.kind;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t exec, cudaGraphNode_t node, void* to,
                                               const void* from, size_t bytes,
                                               cudaMemcpyKind kind) {
  return call("cudaGraphExecMemcpyNodeSetParams1D", CallKind::kPlain,
              [&](Machine& machine, Lock& lock) {
                const auto at = machine.graph_execs.find(exec);
                if (at == machine.graph_execs.end()) {
                  machine.violate(lock, "an executable graph is changed that was destroyed");
                  return cudaErrorInvalidValue;
                }
                return fake::set_copy(machine, lock, at->second, node, {to, from, bytes, kind});
              });
}

}  // extern "C"
