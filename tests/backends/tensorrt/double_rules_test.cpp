// What TensorRT does and refuses, driven directly. Built twice: on the double of TensorRT
// (everywhere, for each version), and with NVIDIA's own (target tensorrt_real, on a machine with a
// GPU). Each test names the passage of NVIDIA's documentation that it follows: mostly the comment
// of the function in NvInferRuntime.h, quoted from TensorRT 10.3 and said alike
// in 8.5.3, 8.6.1, 10.16 and 11.1 unless versions are named. What only the double shows is in
// double_only_rules_test.cpp.

#include "backends/tensorrt/rules_fixture.hpp"

namespace replayrt::tensorrt_test {
namespace {

using tensorrt::Owned;
using TensorRtRulesTest = RulesTest;

// NvInferRuntime.h, IExecutionContext::setInputShape: "Each dimension must agree with the network
// dimension unless the latter was -1", "false if ... some other error occurred". That the profile's
// bounds are checked there is what TensorRT does; the header of 8.5 says so of the deprecated
// setBindingDimensions ("inconsistent with min-max range of the optimization profile").
TEST_F(TensorRtRulesTest, ShapesMustLieInTheProfile) {
  make(plan_of());
  const auto made = context();
  EXPECT_FALSE(made->setInputShape("a", tensorrt::dims_of(Shape{65, 7})));
  EXPECT_FALSE(made->setInputShape("a", tensorrt::dims_of(Shape{1, 8})));
  EXPECT_FALSE(made->setInputShape("a", tensorrt::dims_of(Shape{1})));
  EXPECT_FALSE(made->setInputShape("b", tensorrt::dims_of(Shape{1, 7})));
  expect_said(messages_.errors, "65x7");
  EXPECT_TRUE(made->setInputShape("a", tensorrt::dims_of(Shape{64, 7})));
  EXPECT_EQ(tensorrt::to_string(made->getTensorShape("sum")), "64x7");
}

// NvInferRuntime.h, IExecutionContext::setTensorAddress: "Before calling enqueueV3(), each input
// must have a non-null address and each output must have a non-null address or an IOutputAllocator
// to set it later".
TEST_F(TensorRtRulesTest, ARunNeedsEveryAddressAndShape) {
  make(plan_of());
  const auto made = context();
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
  prepare(*made, 1);
  EXPECT_TRUE(made->setTensorAddress("sum", nullptr));
  EXPECT_FALSE(made->enqueueV3(stream_.get()));
  EXPECT_TRUE(made->setTensorAddress("sum", output_.get()));
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  wait();
  EXPECT_EQ(answer(), 7);
}

// NvInferRuntime.h, setOptimizationProfileAsync (10.3 and later): it "must be called before calling
// setInputShape() for all dynamic input tensors or input shape tensors"; 8.5 and 8.6 say the same
// of setBindingDimensions().
TEST_F(TensorRtRulesTest, AfterAChangeOfProfileTheShapesAreSetAnew) {
  make(plan_of(2));
  const auto made = context();
  prepare(*made, 1);
  ASSERT_TRUE(made->setOptimizationProfileAsync(1, stream_.get()));
  EXPECT_EQ(made->getOptimizationProfile(), 1);
  prepare(*made, 1);
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  EXPECT_EQ(answer(), 7);
  EXPECT_FALSE(made->setOptimizationProfileAsync(2, stream_.get()));
  EXPECT_FALSE(made->setOptimizationProfileAsync(-1, stream_.get()));
  EXPECT_EQ(made->getOptimizationProfile(), 1);
}

// NvInferRuntime.h, setOptimizationProfileAsync: "It is the application's responsibility to
// guarantee that synchronization between the profile sync stream and the enqueue stream occurs."
TEST_F(TensorRtRulesTest, AProfileSetOnAnotherStreamHoldsOnceThatIsWaitedFor) {
  make(plan_of(2));
  const auto made = context();
  const cuda::Stream other = cuda::make_stream();
  ASSERT_TRUE(made->setOptimizationProfileAsync(1, other.get()));
  ASSERT_EQ(cudaStreamSynchronize(other.get()), cudaSuccess);
  prepare(*made, 1);
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  EXPECT_EQ(answer(), 7);
}

// NvInferRuntime.h, createExecutionContext (8.5): "each execution context in concurrent use must
// use a separate optimization profile. The first execution context created will call
// setOptimizationProfile(0) implicitly." NvInfer.h, PreviewFeature::kPROFILE_SHARING_0806: "Allows
// optimization profiles to be shared across execution contexts", which "defaults to false" (8.6);
// "The default value for this flag is on and can not be changed" (10).
TEST_F(TensorRtRulesTest, OneContextForEachProfileBeforeTensorRt10) {
  for (const bool built_to_share : {false, true}) {
    Plan plan = plan_of(2);
    plan.shares_profiles = built_to_share && REPLAYRT_TRT_HEADERS >= 806;
    engine_.reset();
    make(plan);
    {
      const auto first = context();
      const auto second = context();
      EXPECT_EQ(first->getOptimizationProfile(), 0) << "the first gets it by itself";
      const bool shared = REPLAYRT_TRT_HEADERS >= 1000 || plan.shares_profiles;
      EXPECT_EQ(second->setOptimizationProfileAsync(0, stream_.get()), shared);
      EXPECT_TRUE(second->setOptimizationProfileAsync(1, stream_.get()));
      wait();
    }
    const auto third = context();
    EXPECT_EQ(third->getOptimizationProfile(), 0) << "an ended context frees its profile";
  }
}

// Best Practices, "CUDA Graphs": "Call enqueueV3() once after an input shape change to update
// internal state", then capture; and so again after each change.
TEST_F(TensorRtRulesTest, AfterARunItsShapesCanBeCaptured) {
  make(plan_of());
  const auto made = context();
  for (const std::int64_t rows : {2, 3, 1}) {
    prepare(*made, rows);
    ASSERT_TRUE(made->enqueueV3(stream_.get()));
    wait();
    fill(output_, 0);
    const cuda::GraphExec exec = capture(*made);
    EXPECT_EQ(answer(), 0) << "a capture runs nothing";
    for (int launch = 0; launch < 2; ++launch) {
      fill(output_, 0);
      ASSERT_EQ(cudaGraphLaunch(exec.get(), stream_.get()), cudaSuccess);
      const auto elements = static_cast<std::size_t>(rows) * 7;
      EXPECT_EQ(answer(), 7);
      EXPECT_EQ(answer(elements - 1), 7);
      EXPECT_EQ(answer(elements), 0) << "it is of " << rows << " rows";
    }
  }
}

// NvInferRuntime.h, setDeviceMemory: "the memory is in use from the invocation of enqueueV3() until
// network execution is complete"; 8.5 and 8.6 say so of enqueueV2()/enqueueV3(). Of the size:
// "getDeviceMemorySize() and getDeviceMemorySizeForProfile() report upper bounds" (10.3 and later);
// "must be at least that returned by getDeviceMemorySize()" (8.5 and 8.6).
TEST_F(TensorRtRulesTest, ActivationMemoryMayChangeBetweenRuns) {
  make(plan_of());
  const auto made = context();
  for (int run = 0; run < 3; ++run) {
    const cuda::DeviceMemory memory = make_activation();
    tensorrt::set_activation_memory(*made, memory.get(), tensorrt::activation_bytes(*engine_));
    fill(output_, 0);
    prepare(*made, 64);
    ASSERT_TRUE(made->enqueueV3(stream_.get()));
    wait();
    EXPECT_EQ(answer(64 * 7 - 1), 7);
  }
}

// NvInferRuntime.h, createExecutionContext (10.3 and later): by default "the context will
// pre-allocate a block of device memory that is sufficient for all profiles"; 8.5 and 8.6 tell it
// apart from createExecutionContextWithoutDeviceMemory.
TEST_F(TensorRtRulesTest, AContextMayBringItsOwnMemory) {
  make(plan_of());
  const Owned<nvinfer1::IExecutionContext> made(engine_->createExecutionContext());
  ASSERT_NE(made, nullptr);
  prepare(*made, 64);
  EXPECT_TRUE(made->enqueueV3(stream_.get()));
  wait();
  EXPECT_EQ(answer(64 * 7 - 1), 7);
}

// NvInferRuntime.h, ICudaEngine and IExecutionContext: "Multiple execution contexts may exist for
// one ICudaEngine instance, allowing the same engine to be used for the execution of multiple
// batches simultaneously." What they may not share is their activation memory: see
// ActivationMemoryIsForOneRunAtATime.
TEST_F(TensorRtRulesTest, ContextsWithMemoryOfTheirOwnRunAtOnce) {
  make(plan_of(2));
  const cuda::DeviceMemory memory = make_activation();
  const cuda::DeviceMemory more = cuda::make_device_memory(kTensorBytes);
  const cuda::Stream other = cuda::make_stream();
  const auto first = context();
  const auto second = context();
  tensorrt::set_activation_memory(*second, memory.get(), tensorrt::activation_bytes(*engine_));
  ASSERT_TRUE(second->setOptimizationProfileAsync(1, other.get()));
  prepare(*first, 64);
  prepare(*second, 63);
  ASSERT_TRUE(second->setTensorAddress("sum", more.get()));
  fill(output_, 0);
  fill(more, 0);
  for (int run = 0; run < 4; ++run) {
    EXPECT_TRUE(first->enqueueV3(stream_.get()));
    EXPECT_TRUE(second->enqueueV3(other.get()));
  }
  ASSERT_EQ(cudaStreamSynchronize(other.get()), cudaSuccess);
  EXPECT_EQ(answer(64 * 7 - 1), 7);
  EXPECT_EQ(element(more, 63 * 7 - 1), 7);
  EXPECT_EQ(element(more, 63 * 7), 0);
}

#if REPLAYRT_TRT_HEADERS >= 806
// NvInferRuntime.h, setAuxStreams: "At the beginning of the enqueueV3() call, TensorRT will make
// sure that all the auxiliary streams wait on the activities on the main stream", and at its end
// the other way round: so a capture of the main stream records them.
TEST_F(TensorRtRulesTest, AuxiliaryStreamsForkAndJoin) {
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
  EXPECT_EQ(answer(), 7);
  const cuda::GraphExec exec = capture(*made);
  fill(output_, 0);
  ASSERT_EQ(cudaGraphLaunch(exec.get(), stream_.get()), cudaSuccess);
  EXPECT_EQ(answer(2 * 7 - 1), 7);
}

// NvInferRuntime.h, setEngineHostCodeAllowed (8.6 and later): "Set whether the runtime is allowed
// to deserialize engines with host executable code. ... The default value is false."
TEST_F(TensorRtRulesTest, HostCodeMustBeAllowed) {
  make(plan_of());
  Plan plan = plan_of();
  plan.needs_host_code = true;
  const std::vector<std::byte> bytes = plan_bytes(plan);
  EXPECT_EQ(runtime_->deserializeCudaEngine(bytes.data(), bytes.size()), nullptr);
  runtime_->setEngineHostCodeAllowed(true);
  const Owned<nvinfer1::ICudaEngine> allowed(
      runtime_->deserializeCudaEngine(bytes.data(), bytes.size()));
  EXPECT_NE(allowed, nullptr);
}
#endif

/// An engine whose output "sum", the places of what is not zero in its input of 5 numbers, has a
/// shape that only the run tells.
class UnknownOutputRulesTest : public RulesTest {
 protected:
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

  void SetUp() override {
    Plan plan = plan_of();
    plan.function = Function::kNonZero;
    plan.inputs[0].profiles = {{{1, 8, 64}}};
    plan.outputs = {{"sum", DType::kI32}};
    make(plan);
    made_ = context();
    ASSERT_TRUE(made_->setInputShape("a", tensorrt::dims_of(Shape{5})));
    ASSERT_TRUE(made_->setInputTensorAddress("a", input_.get()));
    EXPECT_EQ(tensorrt::to_string(made_->getTensorShape("sum")), "-1");
    ASSERT_TRUE(made_->setOutputAllocator("sum", &allocator_));
  }

  Allocator allocator_;
  tensorrt::Owned<nvinfer1::IExecutionContext> made_;
};

// NvInferRuntime.h, IOutputAllocator: reallocateOutput gives "A pointer to memory to use for the
// output tensor or nullptr", the latter to "have the engine fail"; its size is the "number of bytes
// required"; notifyShape is "Called by TensorRT sometime between when it calls reallocateOutput and
// enqueueV3 returns."
TEST_F(UnknownOutputRulesTest, AsksForMemoryDuringTheEnqueue) {
  fill(input_, 0x3F);
  EXPECT_FALSE(made_->enqueueV3(stream_.get())) << "it was given no memory";
  EXPECT_GE(allocator_.asked, 5 * sizeof(std::int32_t));
  allocator_.gives = output_.get();
  EXPECT_TRUE(made_->enqueueV3(stream_.get()));
  EXPECT_EQ(allocator_.shape, "5");
  wait();
}

// The size is "Always positive, even for an empty tensor" (the same). TensorRT 8.5.3 was seen to
// ask for nothing then; whoever gives the memory must expect both.
TEST_F(UnknownOutputRulesTest, MayBeEmpty) {
  allocator_.gives = output_.get();
  EXPECT_TRUE(made_->enqueueV3(stream_.get()));
  EXPECT_EQ(allocator_.shape, "0");
  wait();
}

}  // namespace
}  // namespace replayrt::tensorrt_test
