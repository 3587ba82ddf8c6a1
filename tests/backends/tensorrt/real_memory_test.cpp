// Inputs in memory of CUDA's other allocators, which the double has not: on a GPU only (target
// tensorrt_real).

#include <gtest/gtest.h>

#include "backends/tensorrt/plans.hpp"
#include "fakes/tensorrt/expected.hpp"

namespace replayrt::tensorrt_test {
namespace {

using Make = cudaError_t (*)(void**, std::size_t);
using Destroy = cudaError_t (*)(void*);

struct Allocator {
  const char* name;
  Make make;
  Destroy destroy;
};

cudaError_t make_pooled(void** memory, std::size_t bytes) {
  const cudaError_t error = cudaMallocAsync(memory, bytes, cudaStreamLegacy);
  return error == cudaSuccess ? cudaStreamSynchronize(cudaStreamLegacy) : error;
}
cudaError_t free_pooled(void* memory) {
  return cudaFreeAsync(memory, cudaStreamLegacy);
}
cudaError_t make_managed(void** memory, std::size_t bytes) {
  return cudaMallocManaged(memory, bytes, cudaMemAttachGlobal);
}
cudaError_t make_plain(void** memory, std::size_t bytes) {
  return cudaMalloc(memory, bytes);
}

class OtherMemoryTest : public testing::TestWithParam<Allocator> {
 private:
  const Machine machine_;
};

// A graph that was captured for memory of one kind is fed from another: from each in turn.
TEST_P(OtherMemoryTest, FeedsGraphs) {
  const Plan plan = sum_plan();
  const Engine engine = load(plan);
  const auto cache = std::make_shared<GraphCache>(
      GraphCacheOptions{.capacity = 1, .admission = Admission::always()});
  const auto call = [&](Make make, Destroy destroy, float first) {
    const Tensor values = counted({2, 7}, first);
    void* memory = nullptr;
    ASSERT_EQ(make(&memory, values.bytes()), cudaSuccess);
    ASSERT_EQ(cudaMemcpy(memory, values.data(), values.bytes(), cudaMemcpyDefault), cudaSuccess);
    TensorView view = values.view();
    view.data = memory;
    view.device = engine.device();
    const InferResult result = infer(engine, {&view, 1}, {.graph_cache = cache});
    EXPECT_NE(result.route, Route::kEager) << to_string(result.reason);
    const Tensor answer = Tensor::allocate(DType::kF32, {2, 7});
    ASSERT_EQ(
        cudaMemcpy(answer.data(), result.outputs[0].data(), answer.bytes(), cudaMemcpyDefault),
        cudaSuccess);
    EXPECT_EQ(values_of(answer), expected_sum(plan, {values}));
    ASSERT_EQ(destroy(memory), cudaSuccess);
  };
  for (const float first : {1.0F, 50.0F, 90.0F}) {
    call(GetParam().make, GetParam().destroy, first);
    call(make_plain, cudaFree, first + 5);
  }
  EXPECT_EQ(cache->stats().replayed, 5U);
}

INSTANTIATE_TEST_SUITE_P(All, OtherMemoryTest,
                         testing::Values(Allocator{"plain", make_plain, cudaFree},
                                         Allocator{"pooled", make_pooled, free_pooled},
                                         Allocator{"managed", make_managed, cudaFree}),
                         [](const auto& with) { return with.param.name; });

}  // namespace
}  // namespace replayrt::tensorrt_test
