// CUDA's rules for the nodes of graphs and for copies that get other addresses in an executable
// graph; see runtime_rules_test.cpp. API: "Graph Management" of the runtime's reference.

#include "backends/cuda/rules_support.hpp"

namespace replayrt::cuda_rules {
namespace {

constexpr std::size_t kBytes = 512;

/// Memory of some kind with one value in each byte.
template <cudaError_t (*make)(void**, std::size_t), cudaError_t (*destroy)(void*)>
class Bytes {
 public:
  explicit Bytes(int value, std::size_t bytes = kBytes) {
    EXPECT_EQ(make(&memory_, bytes), cudaSuccess);
    const OwnedStream stream(new_stream());
    EXPECT_EQ(cudaMemsetAsync(memory_, value, bytes, stream), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { static_cast<void>(destroy(memory_)); }

  [[nodiscard]] void* get() const { return memory_; }
  /// The last byte.
  [[nodiscard]] int read() const {
    unsigned char value = 0;
    const OwnedStream stream(new_stream());
    EXPECT_EQ(cudaMemcpyAsync(&value, static_cast<std::byte*>(memory_) + kBytes - 1, 1,
                              cudaMemcpyDefault, stream),
              cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    return value;
  }

 private:
  void* memory_ = nullptr;
};
cudaError_t make_on_device(void** memory, std::size_t bytes) {
  return cudaMalloc(memory, bytes);
}
cudaError_t make_pinned(void** memory, std::size_t bytes) {
  return cudaHostAlloc(memory, bytes, cudaHostAllocDefault);
}
using OnDevice = Bytes<make_on_device, cudaFree>;
using Pinned = Bytes<make_pinned, cudaFreeHost>;

class CudaGraphUpdateRules : public testing::Test {
 protected:
  /// A graph of a copy, a fill and a host function.
  void SetUp() override {
    CUDA_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
    CUDA_OK(cudaMemcpyAsync(to_.get(), from_.get(), kBytes, cudaMemcpyDeviceToDevice, stream_));
    CUDA_OK(cudaMemsetAsync(other_.get(), 9, kBytes, stream_));
    CUDA_OK(cudaLaunchHostFunc(
        stream_, [](void*) {}, nullptr));
    CUDA_OK(cudaStreamEndCapture(stream_, &graph_));
    copy_ = node_of(cudaGraphNodeTypeMemcpy);
    CUDA_OK(cudaGraphInstantiate(&exec_, graph_, 0));
  }

  std::vector<cudaGraphNode_t> nodes() {
    std::vector<cudaGraphNode_t> nodes(node_count(graph_));
    std::size_t count = nodes.size();
    EXPECT_EQ(cudaGraphGetNodes(graph_, nodes.data(), &count), cudaSuccess);
    return nodes;
  }

  /// The only node of the type; null, and the test fails, if there is not one.
  cudaGraphNode_t node_of(cudaGraphNodeType wanted) {
    cudaGraphNode_t found = nullptr;
    int count = 0;
    for (const cudaGraphNode_t node : nodes()) {
      cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
      EXPECT_EQ(cudaGraphNodeGetType(node, &type), cudaSuccess);
      if (type == wanted) {
        found = node;
        ++count;
      }
    }
    EXPECT_EQ(count, 1);
    return found;
  }

  /// Another graph, of one copy.
  void capture_copy(void* to, const void* from) {
    graph_.reset();
    exec_.reset();
    CUDA_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
    CUDA_OK(cudaMemcpyAsync(to, from, kBytes, cudaMemcpyDefault, stream_));
    CUDA_OK(cudaStreamEndCapture(stream_, &graph_));
    copy_ = node_of(cudaGraphNodeTypeMemcpy);
    CUDA_OK(cudaGraphInstantiate(&exec_, graph_, 0));
  }

  cudaError_t set(void* to, const void* from, std::size_t bytes = kBytes,
                  cudaMemcpyKind kind = cudaMemcpyDeviceToDevice) {
    const cudaError_t error =
        cudaGraphExecMemcpyNodeSetParams1D(exec_, copy_, to, from, bytes, kind);
    static_cast<void>(cudaGetLastError());
    return error;
  }

  void launch() {
    CUDA_OK(cudaGraphLaunch(exec_, stream_));
    CUDA_OK(cudaStreamSynchronize(stream_));
  }

  OnDevice from_{1};
  OnDevice to_{2};
  OnDevice other_{3};
  OwnedStream stream_{new_stream()};
  OwnedGraph graph_;
  OwnedExec exec_;
  cudaGraphNode_t copy_ = nullptr;
};

// API, cudaGraphGetNodes: "nodes may be NULL, in which case this function will return the number of
// nodes in numNodes. [...] If numNodes is higher than the actual number of nodes, the remaining
// entries in nodes will be set to NULL, and the number of nodes actually obtained will be returned
// in numNodes."
TEST_F(CudaGraphUpdateRules, NodesAreListed) {
  EXPECT_EQ(node_count(graph_), 3U);
  std::vector<cudaGraphNode_t> nodes(5, copy_);
  std::size_t count = nodes.size();
  CUDA_OK(cudaGraphGetNodes(graph_, nodes.data(), &count));
  EXPECT_EQ(count, 3U);
  EXPECT_NE(nodes[2], nullptr);
  EXPECT_EQ(nodes[3], nullptr);
  EXPECT_EQ(nodes[4], nullptr);
  node_of(cudaGraphNodeTypeMemset);
  node_of(cudaGraphNodeTypeHost);
}

// API, cudaGraphMemcpyNodeGetParams: "Returns the parameters of memcpy node node in pNodeParams."
TEST_F(CudaGraphUpdateRules, ACopyTellsItsAddresses) {
  cudaMemcpy3DParms params = {};
  CUDA_OK(cudaGraphMemcpyNodeGetParams(copy_, &params));
  EXPECT_EQ(params.srcPtr.ptr, from_.get());
  EXPECT_EQ(params.dstPtr.ptr, to_.get());
  EXPECT_EQ(params.extent.width, kBytes);
  EXPECT_EQ(params.extent.height, 1U);
  EXPECT_EQ(params.extent.depth, 1U);
}

// API, cudaGraphExecMemcpyNodeSetParams1D: "Updates the work represented by node in hGraphExec as
// though node had contained the given params at instantiation."
TEST_F(CudaGraphUpdateRules, ACopyGetsOtherAddresses) {
  launch();
  EXPECT_EQ(to_.read(), 1);
  const OnDevice source(5);
  const OnDevice target(6);
  CUDA_OK(set(target.get(), source.get()));
  launch();
  EXPECT_EQ(target.read(), 5);
  CUDA_OK(set(to_.get(), source.get()));
  launch();
  EXPECT_EQ(to_.read(), 5);
}

// The same: "The modifications only affect future launches of hGraphExec. Already enqueued or
// running launches of hGraphExec are not affected by this call. node is also not modified by this
// call."
TEST_F(CudaGraphUpdateRules, LaunchesThatAreEnqueuedKeepTheirs) {
  const OnDevice source(5);
  const OnDevice target(6);
  Barrier barrier;
  barrier.enqueue(stream_);
  CUDA_OK(cudaGraphLaunch(exec_, stream_));
  CUDA_OK(set(target.get(), source.get()));
  CUDA_OK(cudaGraphLaunch(exec_, stream_));
  barrier.open();
  CUDA_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(to_.read(), 1);
  EXPECT_EQ(target.read(), 5);
  cudaMemcpy3DParms params = {};
  CUDA_OK(cudaGraphMemcpyNodeGetParams(copy_, &params));
  EXPECT_EQ(params.srcPtr.ptr, from_.get());
}

// The same: "Zero-length operations are not supported"; it returns "cudaErrorInvalidValue if the
// memory operands' mappings changed": host memory does not take the place of a device's. What was
// set before stays.
TEST_F(CudaGraphUpdateRules, MemoryOfAnotherKindIsRefused) {
  const Pinned pinned(7);
  EXPECT_EQ(set(to_.get(), from_.get(), 0), cudaErrorInvalidValue);
  EXPECT_EQ(set(to_.get(), pinned.get(), kBytes, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(set(pinned.get(), from_.get(), kBytes, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  launch();
  EXPECT_EQ(to_.read(), 1);
}

// A copy to the host can go to other memory of the host.
TEST_F(CudaGraphUpdateRules, CopiesToTheHostGetOtherAddressesToo) {
  const Pinned first(7);
  const Pinned second(8);
  capture_copy(first.get(), from_.get());
  CUDA_OK(set(second.get(), from_.get(), kBytes, cudaMemcpyDeviceToHost));
  launch();
  EXPECT_EQ(first.read(), 7);
  EXPECT_EQ(second.read(), 1);
}

// Freed memory in a node harms nobody who gives it another address before the launch.
TEST_F(CudaGraphUpdateRules, TheFirstAddressesNeedNotLive) {
  const OnDevice source(5);
  {
    const OnDevice gone(4);
    capture_copy(to_.get(), gone.get());
    CUDA_OK(cudaGraphUpload(exec_, stream_));
    CUDA_OK(cudaStreamSynchronize(stream_));
  }
  CUDA_OK(set(to_.get(), source.get()));
  launch();
  EXPECT_EQ(to_.read(), 5);
}

}  // namespace
}  // namespace replayrt::cuda_rules
