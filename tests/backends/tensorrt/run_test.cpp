// Eager runs and replays: every dtype, memory of the host and of the device, streams, and outputs
// that only the run tells the shape of.

#include "backends/tensorrt/support.hpp"

namespace replayrt::tensorrt_test {
namespace {

using RunTest = TensorRtTest;

std::vector<DType> dtypes() {
  std::vector<DType> all = {DType::kF32, DType::kF16,  DType::kI8,
                            DType::kI32, DType::kBool, DType::kU8};
#if REPLAYRT_FAKE_TENSORRT >= 806
  all.push_back(DType::kF8e4m3);
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1000
  all.insert(all.end(), {DType::kBf16, DType::kI64, DType::kI4});
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1012
  all.insert(all.end(), {DType::kF4e2m1, DType::kE8m0});
#endif
  return all;
}

TEST_F(RunTest, EveryDtypeGoesInAndComesOut) {
  for (const DType dtype : dtypes()) {
    Plan plan = sum_plan();
    plan.function = Function::kCopy;
    plan.inputs[0].dtype = dtype;
    plan.outputs[0].dtype = dtype;
    const Engine engine = load(plan);
    EXPECT_EQ(engine.inputs()[0].dtype, dtype);
    const Tensor input = Tensor::allocate(dtype, {3, 7});
    std::memset(input.data(), 0x5A, input.bytes());
    const auto cache = capturing_cache(1);
    for (const Route route : {Route::kCaptured, Route::kReplayed}) {
      const InferResult result = run(engine, {input}, cache);
      EXPECT_EQ(result.route, route);
      ASSERT_EQ(result.outputs[0].dtype(), dtype);
      EXPECT_EQ(std::memcmp(result.outputs[0].data(), input.data(), input.bytes()), 0);
    }
    const InferResult eager = run(engine, {input});
    EXPECT_EQ(std::memcmp(eager.outputs[0].data(), input.data(), input.bytes()), 0);
  }
}

TEST_F(RunTest, ShapesThatNoProfileAllowsAreRefusedWithTheirRanges) {
  const Engine engine = load(sum_plan({{1, 4, 8}, {16, 16, 32}}));
  const auto cache = capturing_cache(2);
  for (const std::int64_t rows : {12, 33}) {
    expect_error(ErrorCode::kModelInput, {std::to_string(rows) + "x7"}, [&] {
      run(engine, {counted({rows, 7})}, cache);
    });
  }
  expect_error(ErrorCode::kModelInput, {"profile 0: a 1..8x7", "profile 1: a 16..32x7"}, [&] {
    run(engine, {counted({12, 7})}, cache);
  });
  EXPECT_EQ(run(engine, {counted({16, 7})}, cache).outputs[0].shape(), (Shape{16, 7}));
}

TEST_F(RunTest, ProfilesChangeFromRunToRun) {
  const Plan plan = sum_plan({{1, 4, 8}, {16, 16, 32}});
  const Engine engine = load(plan);
  for (const std::int64_t rows : {2, 20, 3, 32, 8}) {
    const Tensor input = counted({rows, 7});
    EXPECT_EQ(values_of(run(engine, {input}).outputs[0]), expected_sum(plan, {input}));
  }
}

TEST_F(RunTest, WrongBatchLimitsAreNamed) {
  const Engine engine = load(sum_plan());
  const Tensor input = counted({2, 7});
  const TensorView view = input.view();
  expect_error(ErrorCode::kInvalidParameter, {"min 3"}, [&] {
    infer(engine, {&view, 1}, {.batch_limits = BatchLimits{3, 2}});
  });
  expect_error(ErrorCode::kModelInput, {"100x7", "1..64x7"}, [&] {
    infer(engine, {&view, 1}, {.batch_limits = BatchLimits{100, 100}});
  });
}

TEST_F(RunTest, DeviceMemoryGoesInAndComesOut) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const Tensor values = counted({3, 7});
  const auto cache = capturing_cache(4);
  // Aligned as TensorRT likes it, and not.
  for (const std::size_t offset : {0, 28}) {
    const DeviceTensor input(values, offset);
    const TensorView view = input.view();
    for (const auto& use : {std::shared_ptr<GraphCache>(), cache, cache}) {
      const InferResult result = infer(engine, {&view, 1}, {.graph_cache = use});
      EXPECT_EQ(result.outputs[0].device(), engine.device());
      EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {values}));
    }
  }
  EXPECT_EQ(cache->get_current_size(), 1);
  // What is fed from the host is another graph.
  const InferResult from_host = run(engine, {values}, cache);
  EXPECT_EQ(from_host.route, Route::kCaptured);
  EXPECT_EQ(values_of(from_host.outputs[0]), expected_sum(plan, {values}));
  EXPECT_EQ(cache->get_current_size(), 2);
}

TEST_F(RunTest, InputsMayLieInBothMemories) {
  const Plan plan = sum_plan(equal_profiles(), Range::fixed(7), 2);
  const Engine engine = load(plan);
  const Tensor first = counted({2, 7});
  const Tensor second = counted({2, 7}, 100);
  const DeviceTensor on_device(second);
  const std::vector<TensorView> views = {first.view(), on_device.view()};
  const auto cache = capturing_cache(1);
  for (const auto& use : {std::shared_ptr<GraphCache>(), cache, cache}) {
    const InferResult result = infer(engine, views, {.graph_cache = use});
    EXPECT_EQ(result.outputs[0].device(), engine.device());
    EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {first, second}));
  }
}

TEST_F(RunTest, AnAddressThatIsNotWhereItIsSaidToBeIsRefused) {
  const Engine engine = load(sum_plan());
  const auto cache = capturing_cache(2);
  const Tensor host = counted({1, 7});
  const DeviceTensor device(host);
  TensorView view = host.view();
  view.device = engine.device();
  for (const auto& use : {std::shared_ptr<GraphCache>(), cache}) {
    expect_error(ErrorCode::kModelInput, {"'a'", "on cuda:0", "host memory"}, [&] {
      infer(engine, {&view, 1}, {.graph_cache = use});
    });
  }
  view = device.view();
  view.device = {};
  for (const auto& use : {std::shared_ptr<GraphCache>(), cache}) {
    expect_error(ErrorCode::kModelInput, {"'a'", "in host memory", "on cuda:0"}, [&] {
      infer(engine, {&view, 1}, {.graph_cache = use});
    });
  }
}

TEST_F(RunTest, ResultsAreUsableOnTheCallersStream) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const auto cache = capturing_cache(1);
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  {
    const Tensor values = counted({2, 7});
    const DeviceTensor input(values);
    const TensorView view = input.view();
    const RunContext context{.stream = stream, .synchronize = false};
    for (const auto& use : {std::shared_ptr<GraphCache>(), cache, cache}) {
      const InferResult result =
          infer(engine, {&view, 1}, {.graph_cache = use, .context = context});
      // Nobody waits but the stream: the double tells if the copy is not ordered behind the run.
      const Tensor copy = Tensor::allocate(DType::kF32, {2, 7});
      void* pinned = nullptr;
      ASSERT_EQ(cudaHostAlloc(&pinned, copy.bytes(), 0), cudaSuccess);
      ASSERT_EQ(cudaMemcpyAsync(pinned, result.outputs[0].data(), copy.bytes(),
                                cudaMemcpyDeviceToHost, stream),
                cudaSuccess);
      ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
      std::memcpy(copy.data(), pinned, copy.bytes());
      EXPECT_EQ(values_of(copy), expected_sum(plan, {values}));
      ASSERT_EQ(cudaFreeHost(pinned), cudaSuccess);
      result.completion.wait();
    }
    cache->wait_idle();
    cache->purge();
  }
  ASSERT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST_F(RunTest, JoinedResultsOnTheDeviceAreCompleteWhenTheyAreSaidToBe) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const cuda::Stream stream = cuda::make_stream();
  const Tensor values = counted({5, 7});
  const DeviceTensor input(values);
  const TensorView view = input.view();
  for (const bool synchronize : {true, false}) {
    const InferResult result =
        infer(engine, {&view, 1},
              {.batch_limits = BatchLimits{1, 2},
               .context = {.stream = stream.get(), .synchronize = synchronize}});
    EXPECT_EQ(result.completion.done(), synchronize);
    result.completion.wait();
    EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {values}));
  }
}

TEST_F(RunTest, ABackgroundCaptureComparesOnWhatTheCallersStreamWrites) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const cuda::Stream stream = cuda::make_stream();
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.admission = Admission::always(), .capture = CaptureMode::kBackground});
  const Tensor values = counted({2, 7});
  const DeviceTensor source(values);
  const DeviceTensor input(counted({2, 7}, 100));
  const TensorView view = input.view();
  const RunContext context{.stream = stream.get(), .synchronize = false};
  ASSERT_EQ(cudaMemcpyAsync(const_cast<void*>(view.data), source.view().data, values.bytes(),
                            cudaMemcpyDeviceToDevice, stream.get()),
            cudaSuccess);
  const InferResult first = infer(engine, {&view, 1}, {.graph_cache = cache, .context = context});
  EXPECT_EQ(first.reason, Reason::kCapturePending);
  cache->wait_idle();
  const InferResult second = infer(engine, {&view, 1}, {.graph_cache = cache, .context = context});
  EXPECT_EQ(second.route, Route::kReplayed);
  for (const InferResult* result : {&first, &second}) {
    result->completion.wait();
    EXPECT_EQ(values_of(on_host(result->outputs[0])), expected_sum(plan, {values}));
  }
}

TEST_F(RunTest, AResultIsNeverWrittenToByALaterRun) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const auto cache = capturing_cache(1);
  const RunContext later{.synchronize = false};
  std::vector<Tensor> inputs;
  std::vector<InferResult> results;
  for (int i = 0; i < 6; ++i) {
    inputs.push_back(counted({2, 7}, static_cast<float>(100 * i)));
    results.push_back(run(engine, {inputs.back()}, i % 3 == 2 ? nullptr : cache, later));
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i].completion.wait();
    EXPECT_EQ(values_of(results[i].outputs[0]), expected_sum(plan, {inputs[i]}));
  }
  cache->wait_idle();
}

TEST_F(RunTest, TheSameMemoryMayHoldOtherValuesInTheNextCall) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const Tensor host = counted({2, 7});
  const DeviceTensor device(host);
  for (const TensorView& view : {host.view(), device.view()}) {
    const auto cache = capturing_cache(1);
    for (int call = 0; call < 6; ++call) {
      const Tensor values = counted({2, 7}, static_cast<float>(100 * call));
      std::memcpy(const_cast<void*>(view.data), values.data(), values.bytes());
      const auto use = call < 2 ? nullptr : cache;
      const InferResult result = infer(engine, {&view, 1}, {.graph_cache = use});
      EXPECT_EQ(values_of(on_host(result.outputs[0])), expected_sum(plan, {values}));
    }
  }
}

TEST_F(RunTest, AnAsynchronousRunIsNotDoneBeforeTheDeviceIs) {
  const Engine engine = load(sum_plan());
  const Tensor input = counted({2, 7});
  const InferResult result = run(engine, {input}, nullptr, {.synchronize = false});
  EXPECT_FALSE(result.completion.done());
  EXPECT_NE(result.completion.native_event(), nullptr);
  result.completion.wait();
  EXPECT_TRUE(result.completion.done());
}

TEST_F(RunTest, OutputsWhoseShapeTheValuesTellAreServedEagerly) {
  Plan plan = sum_plan();
  plan.function = Function::kNonZero;
  plan.inputs[0].profiles = {{{1, 8, 64}}, {{1, 8, 64}}};
  plan.outputs = {{"places", DType::kI32}};
  const Engine engine = load(plan);
  const auto cache = capturing_cache(2);
  for (const int zeros : {0, 3, 10}) {
    const Tensor input = counted({10});
    std::fill_n(input.as<float>().begin(), zeros, 0.0F);
    const InferResult result = run(engine, {input}, cache);
    EXPECT_EQ(result.route, Route::kEager);
    EXPECT_EQ(result.reason, Reason::kDataDependentShape);
    ASSERT_EQ(result.outputs[0].shape(), (Shape{10 - zeros}));
    for (int i = zeros; i < 10; ++i) {
      EXPECT_EQ(result.outputs[0].as<std::int32_t>()[static_cast<std::size_t>(i - zeros)], i);
    }
  }
}

TEST_F(RunTest, InputsThatShapesDependOnAreServedEagerly) {
  Plan plan = sum_plan();
  plan.function = Function::kExpand;
  plan.inputs = {{"x", DType::kF32, {{{1, 4, 8}}}}, {"target", DType::kI32, {{Range::fixed(2)}}}};
  plan.outputs = {{"y", DType::kF32}};
  const Engine engine = load(plan);
  const auto cache = capturing_cache(2);
  const Tensor x = counted({3});
  const Tensor target = Tensor::allocate(DType::kI32, {2});
  for (const std::int32_t rows : {2, 5}) {
    target.as<std::int32_t>()[0] = rows;
    target.as<std::int32_t>()[1] = 3;
    const InferResult result = run(engine, {x, target}, cache);
    EXPECT_EQ(result.reason, Reason::kDataDependentShape);
    ASSERT_EQ(result.outputs[0].shape(), (Shape{rows, 3}));
    EXPECT_EQ(result.outputs[0].as<float>()[4], 2);
  }
  const DeviceTensor on_device(target);
  const std::vector<TensorView> views = {x.view(), on_device.view()};
  expect_error(ErrorCode::kModelInput, {"'target'", "expected host memory"},
               [&] { infer(engine, views); });
}

TEST_F(RunTest, BytesCopiedAreTold) {
  const Engine engine = load(sum_plan());
  const Tensor input = counted({2, 7});
  const auto cache = capturing_cache(1);
  EXPECT_EQ(run(engine, {input}).bytes_copied, 2 * input.bytes());
  run(engine, {input}, cache);
  EXPECT_EQ(run(engine, {input}, cache).bytes_copied, 2 * input.bytes());
  const DeviceTensor device(input);
  const TensorView view = device.view();
  EXPECT_EQ(infer(engine, {&view, 1}).bytes_copied, 0U) << "read and written in place";
}

}  // namespace
}  // namespace replayrt::tensorrt_test
