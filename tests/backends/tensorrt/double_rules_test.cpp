// What the double of TensorRT does and refuses, driven directly. Each test names the passage of
// NVIDIA's documentation that it follows: mostly the comment of the function in NvInferRuntime.h,
// quoted from TensorRT 10.3 and said alike in 8.5.3, 8.6.1, 10.16 and 11.1 unless versions are
// named. Where no passage was found the test says so.

#include <NvInferRuntime.h>

#include "backends/cuda/handles.hpp"
#include "backends/tensorrt/api.hpp"
#include "backends/tensorrt/support.hpp"

namespace replayrt::tensorrt_test {
namespace {

using tensorrt::Owned;
using testing::Contains;
using testing::HasSubstr;

class Messages final : public nvinfer1::ILogger {
 public:
  void log(Severity severity, nvinfer1::AsciiChar const* message) noexcept override {
    if (severity <= Severity::kERROR) {
      errors.emplace_back(message);
    }
  }
  std::vector<std::string> errors;
};

class DoubleRulesTest : public TensorRtTest {
 protected:
  DoubleRulesTest() { std::memset(input_.get(), 0, 64 * 7 * sizeof(float)); }

  void make(const Plan& plan) {
    runtime_.reset(static_cast<nvinfer1::IRuntime*>(
        createInferRuntime_INTERNAL(&messages_, NV_TENSORRT_VERSION)));
    ASSERT_NE(runtime_, nullptr);
    const std::vector<std::byte> bytes = trt_double::serialize(plan);
    engine_.reset(runtime_->deserializeCudaEngine(bytes.data(), bytes.size()));
    ASSERT_NE(engine_, nullptr);
    activation_ =
        cuda::make_device_memory(std::max<std::size_t>(tensorrt::activation_bytes(*engine_), 1));
  }

  Owned<nvinfer1::IExecutionContext> context() {
    auto made = tensorrt::create_context(*engine_);
    tensorrt::set_activation_memory(*made, activation_.get(), tensorrt::activation_bytes(*engine_));
    return made;
  }

  /// Ready to be enqueued for `rows` rows of 7.
  void prepare(nvinfer1::IExecutionContext& made, std::int64_t rows) {
    ASSERT_TRUE(made.setInputShape("a", tensorrt::dims_of(Shape{rows, 7})));
    ASSERT_TRUE(made.setInputTensorAddress("a", input_.get()));
    ASSERT_TRUE(made.setTensorAddress("sum", output_.get()));
  }

  void wait() { ASSERT_EQ(cudaStreamSynchronize(stream_.get()), cudaSuccess); }

  float first_answer() const { return *static_cast<const float*>(output_.get()); }

  Messages messages_;
  cuda::Stream stream_ = cuda::make_stream();
  cuda::DeviceMemory input_ = cuda::make_device_memory(64 * 7 * sizeof(float));
  cuda::DeviceMemory output_ = cuda::make_device_memory(64 * 7 * sizeof(float));
  cuda::DeviceMemory activation_;
  Owned<nvinfer1::IRuntime> runtime_;
  Owned<nvinfer1::ICudaEngine> engine_;
};

/// A plan whose answer tells the columns: with zeros for input every element is 7.
Plan plan_of(std::size_t profiles = 1) {
  return sum_plan(equal_profiles(profiles));
}

// NvInferRuntime.h, IExecutionContext::setInputShape: "Each dimension must agree with the network
// dimension unless the latter was -1", "false if ... some other error occurred". That the profile's
// bounds are checked there is what TensorRT does; the header of 8.5 says so of the deprecated
// setBindingDimensions ("inconsistent with min-max range of the optimization profile").
TEST_F(DoubleRulesTest, ShapesMustLieInTheProfile) {
  make(plan_of());
  const auto made = context();
  EXPECT_FALSE(made->setInputShape("a", tensorrt::dims_of(Shape{65, 7})));
  EXPECT_FALSE(made->setInputShape("a", tensorrt::dims_of(Shape{1, 8})));
  EXPECT_FALSE(made->setInputShape("a", tensorrt::dims_of(Shape{1})));
  EXPECT_FALSE(made->setInputShape("b", tensorrt::dims_of(Shape{1, 7})));
  EXPECT_THAT(messages_.errors, Contains(HasSubstr("65x7")));
  EXPECT_TRUE(made->setInputShape("a", tensorrt::dims_of(Shape{64, 7})));
  EXPECT_EQ(tensorrt::to_string(made->getTensorShape("sum")), "64x7");
}

// NvInferRuntime.h, IExecutionContext::setTensorAddress: "Before calling enqueueV3(), each input
// must have a non-null address and each output must have a non-null address or an IOutputAllocator
// to set it later"; "The pointer must have at least 256-byte alignment."
TEST_F(DoubleRulesTest, ARunNeedsEveryAddressAndShape) {
  make(plan_of());
  const auto made = context();
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
  prepare(*made, 1);
  EXPECT_TRUE(made->setTensorAddress("sum", nullptr));
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
  EXPECT_FALSE(made->setTensorAddress("sum", static_cast<std::byte*>(output_.get()) + 4));
  EXPECT_TRUE(made->setTensorAddress("sum", output_.get()));
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  wait();
  EXPECT_EQ(first_answer(), 7);
}

// NvInferRuntime.h, setOptimizationProfileAsync (10.3 and later): it "must be called before calling
// setInputShape() for all dynamic input tensors or input shape tensors"; 8.5 and 8.6 say the same
// of setBindingDimensions().
TEST_F(DoubleRulesTest, AChangeOfProfileForgetsTheShapes) {
  make(plan_of(2));
  const auto made = context();
  prepare(*made, 1);
  ASSERT_TRUE(made->setOptimizationProfileAsync(1, stream_.get()));
  EXPECT_EQ(made->getOptimizationProfile(), 1);
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
  EXPECT_FALSE(made->setOptimizationProfileAsync(2, stream_.get()));
  EXPECT_FALSE(made->setOptimizationProfileAsync(-1, stream_.get()));
  wait();
}

// NvInferRuntime.h, setOptimizationProfileAsync: "Not synchronizing the stream used at enqueue with
// the stream used to set optimization profile asynchronously using this API will result in
// undefined behavior."
TEST_F(DoubleRulesTest, TheProfilesStreamMustComeBeforeTheRuns) {
  make(plan_of(2));
  const auto made = context();
  const cuda::Stream other = cuda::make_stream();
  ASSERT_TRUE(made->setOptimizationProfileAsync(1, other.get()));
  prepare(*made, 1);
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_FALSE(cuda_double::take_violations().empty());
}

// NvInferRuntime.h, createExecutionContext (8.5): "each execution context in concurrent use must
// use a separate optimization profile. The first execution context created will call
// setOptimizationProfile(0) implicitly." NvInfer.h, PreviewFeature::kPROFILE_SHARING_0806: "Allows
// optimization profiles to be shared across execution contexts", which "defaults to false" (8.6);
// "The default value for this flag is on and can not be changed" (10).
TEST_F(DoubleRulesTest, OneContextForEachProfileBeforeTensorRt10) {
  for (const bool built_to_share : {false, true}) {
    Plan plan = plan_of(2);
    plan.shares_profiles = built_to_share && REPLAYRT_FAKE_TENSORRT >= 806;
    engine_.reset();
    make(plan);
    {
      const auto first = context();
      const auto second = context();
      EXPECT_EQ(first->getOptimizationProfile(), 0) << "the first gets it by itself";
      const bool shared = REPLAYRT_FAKE_TENSORRT >= 1000 || plan.shares_profiles;
      EXPECT_EQ(second->setOptimizationProfileAsync(0, stream_.get()), shared);
      EXPECT_TRUE(second->setOptimizationProfileAsync(1, stream_.get()));
      wait();
    }
    const auto third = context();
    EXPECT_EQ(third->getOptimizationProfile(), 0) << "an ended context frees its profile";
  }
}

// Best Practices, "CUDA Graphs": "Call enqueueV3() once after an input shape change to update
// internal state", before the capture. NvInferRuntime.h of 8.5 and 8.6 says what happens otherwise,
// of enqueueV2: it "will cause failure in stream capture due to resource allocation".
TEST_F(DoubleRulesTest, TheFirstRunAfterAChangeOfShapesCannotBeCaptured) {
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
TEST_F(DoubleRulesTest, AGraphOfAReshapedContextAnswersWrongly) {
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
  EXPECT_EQ(first_answer(), 7);
  ASSERT_TRUE(made->setInputShape("a", tensorrt::dims_of(Shape{2, 9})));
  ASSERT_TRUE(made->enqueueV3(stream_.get()));
  ASSERT_EQ(cudaGraphLaunch(exec.get(), stream_.get()), cudaSuccess);
  wait();
  EXPECT_EQ(first_answer(), 9) << "the graph was of 7 columns";
}

// NvInferRuntime.h, setDeviceMemory: "Releasing or otherwise using the memory for other purposes,
// including using it in another execution context running in parallel, during this time will result
// in undefined behavior." (8.5 and 8.6 without naming the other context.)
TEST_F(DoubleRulesTest, ActivationMemoryIsForOneRunAtATime) {
  make(plan_of(2));
  const auto first = context();
  const auto second = context();
  const cuda::Stream other = cuda::make_stream();
  const cuda::DeviceMemory more = cuda::make_device_memory(64 * 7 * sizeof(float));
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
// by getDeviceMemorySize()".
TEST_F(DoubleRulesTest, ActivationMemoryMustBeLargeEnough) {
  make(plan_of());
  const auto made = context();
  prepare(*made, 64);
  const std::size_t needed = tensorrt::activation_bytes(*engine_);
  const cuda::DeviceMemory small = cuda::make_device_memory(needed - 1);
  tensorrt::set_activation_memory(*made, small.get(), needed - 1);
#if REPLAYRT_FAKE_TENSORRT >= 1001
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
#endif
  tensorrt::set_activation_memory(*made, nullptr, 0);
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
  tensorrt::set_activation_memory(*made, activation_.get(), needed);
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  wait();
}

#if REPLAYRT_FAKE_TENSORRT >= 806
// NvInferRuntime.h, setAuxStreams: "At the beginning of the enqueueV3() call, TensorRT will make
// sure that all the auxiliary streams wait on the activities on the main stream", and at its end
// the other way round: so a capture of the main stream records them.
TEST_F(DoubleRulesTest, AuxiliaryStreamsForkAndJoin) {
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

// NvInferRuntime.h, setEngineHostCodeAllowed (8.6 and later): "Set whether the runtime is allowed
// to deserialize engines with host executable code. ... The default value is false."
TEST_F(DoubleRulesTest, HostCodeMustBeAllowed) {
  make(plan_of());
  Plan plan = plan_of();
  plan.needs_host_code = true;
  const std::vector<std::byte> bytes = trt_double::serialize(plan);
  EXPECT_EQ(runtime_->deserializeCudaEngine(bytes.data(), bytes.size()), nullptr);
  runtime_->setEngineHostCodeAllowed(true);
  const Owned<nvinfer1::ICudaEngine> allowed(
      runtime_->deserializeCudaEngine(bytes.data(), bytes.size()));
  EXPECT_NE(allowed, nullptr);
}
#endif

// "How TensorRT Works", "Object Lifetimes": "the lifetime of a factory object must span the
// lifetime of objects it creates".
TEST_F(DoubleRulesTest, AnEngineMustOutliveItsContexts) {
  make(plan_of());
  auto made = context();
  engine_.reset();
  EXPECT_THAT(trt_double::take_violations(),
              Contains(HasSubstr("ends before its execution contexts")));
  made.reset();
}

// Developer Guide (8.x), of the engine that was saved: "Serialized engines are not portable across
// platforms or TensorRT versions. Engines are specific to the exact GPU model that they were built
// on".
TEST_F(DoubleRulesTest, PlansAreForOneVersionAndOneGpu) {
  make(plan_of());
  for (const auto& change : {std::function<void(Plan&)>([](Plan& plan) { plan.version = 1; }),
                             std::function<void(Plan&)>([](Plan& plan) { plan.gpu = 75; })}) {
    Plan plan = plan_of();
    change(plan);
    const std::vector<std::byte> bytes = trt_double::serialize(plan);
    EXPECT_EQ(runtime_->deserializeCudaEngine(bytes.data(), bytes.size()), nullptr);
  }
  EXPECT_THAT(messages_.errors, Contains(HasSubstr("not compatible with this version")));
  EXPECT_THAT(messages_.errors, Contains(HasSubstr("incompatible device")));
}

// NvInferRuntime.h, IOutputAllocator: reallocateOutput's "size: number of bytes required. Always
// positive, even for an empty tensor"; notifyShape is "called by TensorRT sometime between when it
// calls reallocateOutput and enqueueV3 returns".
TEST_F(DoubleRulesTest, AnUnknownOutputAsksForMemoryDuringTheEnqueue) {
  class Allocator final : public tensorrt::OutputAllocator {
   public:
    void* allocate(const char* /*name*/, std::uint64_t bytes) noexcept override {
      asked = bytes;
      return gives;
    }
    void notifyShape(char const* /*name*/, nvinfer1::Dims const& dims) noexcept override {
      shape = tensorrt::to_string(dims);
    }
    void* gives = nullptr;
    std::uint64_t asked = 0;
    std::string shape;
  };
  Plan plan = plan_of();
  plan.function = Function::kNonZero;
  plan.inputs[0].profiles = {{{1, 8, 64}}};
  plan.outputs = {{"sum", DType::kI32}};
  make(plan);
  const auto made = context();
  ASSERT_TRUE(made->setInputShape("a", tensorrt::dims_of(Shape{5})));
  ASSERT_TRUE(made->setInputTensorAddress("a", input_.get()));
  EXPECT_EQ(tensorrt::to_string(made->getTensorShape("sum")), "-1");
  Allocator allocator;
  ASSERT_TRUE(made->setOutputAllocator("sum", &allocator));
  EXPECT_FALSE(made->enqueueV3(stream_.get())) << "it was given no memory";
  allocator.gives = output_.get();
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  EXPECT_EQ(allocator.asked, 1U);
  EXPECT_EQ(allocator.shape, "0");
  wait();
}

}  // namespace
}  // namespace replayrt::tensorrt_test
