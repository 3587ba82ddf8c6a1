// What the double of TensorRT does where NVIDIA's documentation says that something must not be,
// and not what happens otherwise (or that it is undefined): the double refuses it, reports it, or
// shows one way in which it can go wrong. On a GPU these tests would read or write memory that they
// must not, or depend on chance. The rules themselves, kept: double_rules_test.cpp.

#include "backends/tensorrt/rules_fixture.hpp"
#include "backends/tensorrt/support.hpp"

namespace replayrt::tensorrt_test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using TensorRtDoubleTest = RulesTest;

// NvInferRuntime.h, setTensorAddress: "The pointer must have at least 256-byte alignment." Not
// said: whether another is refused.
TEST_F(TensorRtDoubleTest, AddressesMustBeAligned) {
  make(plan_of());
  const auto made = context();
  prepare(*made, 1);
  EXPECT_FALSE(made->setTensorAddress("sum", static_cast<std::byte*>(output_.get()) + 4));
  EXPECT_TRUE(made->setTensorAddress("sum", output_.get()));
}

// NvInferRuntime.h, setOptimizationProfileAsync (10.3 and later): it "must be called before calling
// setInputShape()". Not said: what a run does whose shapes were set before it. TensorRT 8.5.3 was
// seen to run; with which shapes is left open, so the double refuses.
TEST_F(TensorRtDoubleTest, AChangeOfProfileForgetsTheShapes) {
  make(plan_of(2));
  const auto made = context();
  prepare(*made, 1);
  ASSERT_TRUE(made->setOptimizationProfileAsync(1, stream_.get()));
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
  wait();
}

// NvInferRuntime.h, setOptimizationProfileAsync: "Not synchronizing the stream used at enqueue with
// the stream used to set optimization profile asynchronously using this API will result in
// undefined behavior."
TEST_F(TensorRtDoubleTest, TheProfilesStreamMustComeBeforeTheRuns) {
  make(plan_of(2));
  const auto made = context();
  const cuda::Stream other = cuda::make_stream();
  ASSERT_TRUE(made->setOptimizationProfileAsync(1, other.get()));
  prepare(*made, 1);
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_FALSE(cuda_double::take_violations().empty());
}

// Best Practices, "CUDA Graphs": "Call enqueueV3() once after an input shape change to update
// internal state", before the capture. What happens otherwise is said of enqueueV2 only, and of
// shapes that are values of inputs: "the first enqueueV2() call after a setInputShapeBinding() call
// will cause failure in stream capture due to resource allocation" (8.5, 8.6). The double fails for
// every shape; on a GPU that depends on whether the engine's kernels have something to set up.
TEST_F(TensorRtDoubleTest, TheFirstRunAfterAChangeOfShapesCannotBeCaptured) {
  make(plan_of());
  const auto made = context();
  prepare(*made, 2);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal), cudaSuccess);
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
  EXPECT_NE(cudaStreamEndCapture(stream_.get(), &graph), cudaSuccess);
  static_cast<void>(cudaGetLastError());
  ASSERT_TRUE(made->enqueueV3(stream_.get()));
  wait();
  ASSERT_EQ(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal), cudaSuccess);
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  ASSERT_EQ(cudaStreamEndCapture(stream_.get(), &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

// The same recipe captures anew after each change of shapes. No passage was found that says what an
// older graph of the context does then: the double shows one way in which it can go wrong.
TEST_F(TensorRtDoubleTest, AGraphOfAReshapedContextAnswersWrongly) {
  make(sum_plan({{1, 4, 8}}, {1, 7, 9}));
  const auto made = context();
  prepare(*made, 2);
  ASSERT_TRUE(made->enqueueV3(stream_.get()));
  wait();
  cudaGraph_t captured = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal), cudaSuccess);
  ASSERT_TRUE(made->enqueueV3(stream_.get()));
  ASSERT_EQ(cudaStreamEndCapture(stream_.get(), &captured), cudaSuccess);
  const cuda::Graph graph(captured);
  const cuda::GraphExec exec = cuda::make_executable(graph, stream_.get());
  ASSERT_EQ(cudaGraphLaunch(exec.get(), stream_.get()), cudaSuccess);
  wait();
  EXPECT_EQ(answer(), 7);
  ASSERT_TRUE(made->setInputShape("a", tensorrt::dims_of(Shape{2, 9})));
  ASSERT_TRUE(made->enqueueV3(stream_.get()));
  ASSERT_EQ(cudaGraphLaunch(exec.get(), stream_.get()), cudaSuccess);
  wait();
  EXPECT_EQ(answer(), 9) << "the graph was of 7 columns";
}

// NvInferRuntime.h, setDeviceMemory: "Releasing or otherwise using the memory for other purposes,
// including using it in another execution context running in parallel, during this time will result
// in undefined behavior." (8.5 and 8.6 without naming the other context.)
TEST_F(TensorRtDoubleTest, ActivationMemoryIsForOneRunAtATime) {
  make(plan_of(2));
  const auto first = context();
  const auto second = context();
  const cuda::Stream other = cuda::make_stream();
  const cuda::DeviceMemory more = cuda::make_device_memory(kTensorBytes);
  ASSERT_TRUE(second->setOptimizationProfileAsync(1, other.get()));
  prepare(*first, 1);
  prepare(*second, 1);
  ASSERT_TRUE(second->setTensorAddress("sum", more.get()));
  EXPECT_TRUE(first->enqueueV3(stream_.get()));
  EXPECT_TRUE(second->enqueueV3(other.get()));
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_FALSE(cuda_double::take_violations().empty());
}

// NvInferRuntime.h, setDeviceMemory (10.3 and later): the memory's "size must be large enough for
// performing inference with the given network inputs"; 8.5 and 8.6: "must be at least that returned
// by getDeviceMemorySize()". Not said: that
// too little is noticed. On a GPU other memory may be overwritten.
TEST_F(TensorRtDoubleTest, ActivationMemoryMustBeLargeEnough) {
  make(plan_of());
  const auto made = context();
  prepare(*made, 64);
  const std::size_t needed = tensorrt::activation_bytes(*engine_);
  const cuda::DeviceMemory small = cuda::make_device_memory(needed - 1);
  tensorrt::set_activation_memory(*made, small.get(), needed - 1);
#if REPLAYRT_TRT_HEADERS >= 1001
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
#endif
  tensorrt::set_activation_memory(*made, nullptr, 0);
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
  tensorrt::set_activation_memory(*made, activation_.get(), needed);
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  wait();
}

#if REPLAYRT_TRT_HEADERS >= 806
// As AuxiliaryStreamsForkAndJoin: the double uses as many as the plan says; TensorRT decides
// itself.
TEST_F(TensorRtDoubleTest, AuxiliaryStreamsCarryWork) {
  Plan plan = plan_of();
  plan.auxiliary_streams = 2;
  make(plan);
  const auto made = context();
  const cuda::Stream one = cuda::make_stream();
  const cuda::Stream two = cuda::make_stream();
  std::vector<cudaStream_t> streams = {one.get(), two.get()};
  tensorrt::set_auxiliary_streams(*made, streams);
  prepare(*made, 2);
  ASSERT_TRUE(made->enqueueV3(stream_.get()));
  EXPECT_GT(cuda_double::pending_work(two.get()), 0U);
  wait();
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(stream_.get(), cudaStreamCaptureModeThreadLocal), cudaSuccess);
  ASSERT_TRUE(made->enqueueV3(stream_.get()));
  ASSERT_EQ(cudaStreamEndCapture(stream_.get(), &graph), cudaSuccess);
  std::size_t nodes = 0;
  ASSERT_EQ(cudaGraphGetNodes(graph, nullptr, &nodes), cudaSuccess);
  EXPECT_EQ(nodes, 4U);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}
#endif

// "How TensorRT Works", "Object Lifetimes": "the lifetime of a factory object must span the
// lifetime of objects it creates".
TEST_F(TensorRtDoubleTest, AnEngineMustOutliveItsContexts) {
  make(plan_of());
  auto made = context();
  engine_.reset();
  EXPECT_THAT(trt_double::take_violations(),
              Contains(HasSubstr("ends before its execution contexts")));
  made.reset();
}

// Developer Guide (8.x), of the engine that was saved: "Serialized engines are not portable across
// platforms or TensorRT versions. Engines are specific to the exact GPU model they were built on".
// One machine cannot build the plan of another.
TEST_F(TensorRtDoubleTest, PlansAreForOneVersionAndOneGpu) {
  make(plan_of());
  for (const auto& change : {std::function<void(Plan&)>([](Plan& plan) { plan.version = 1; }),
                             std::function<void(Plan&)>([](Plan& plan) { plan.gpu = 75; })}) {
    Plan plan = plan_of();
    change(plan);
    const std::vector<std::byte> bytes = plan_bytes(plan);
    EXPECT_EQ(runtime_->deserializeCudaEngine(bytes.data(), bytes.size()), nullptr);
  }
  EXPECT_THAT(messages_.errors, Contains(HasSubstr("not compatible with this version")));
  EXPECT_THAT(messages_.errors, Contains(HasSubstr("incompatible device")));
}

}  // namespace
}  // namespace replayrt::tensorrt_test
