// Invariant 9: no allocation on the replay path inside the core. Counts every operator new of this
// program.

#include <array>
#include <atomic>
#include <cstdlib>

#include "core/fake_calls.hpp"
#include "support/replaced_new.hpp"

namespace {
std::atomic<long> allocations{0};
}

bool replayrt::support::may_allocate() noexcept {
  ++allocations;
  return true;
}

namespace replayrt {
namespace {

/// A backend whose runs allocate nothing: they hand out tensors that were made before.
class Preallocated final : public EngineBackend {
 public:
  std::string_view name() const noexcept override { return "preallocated"; }
  Device device() const noexcept override { return {}; }
  const std::vector<TensorSpec>& inputs() const noexcept override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const noexcept override { return outputs_; }
  std::size_t max_eager_executors() const noexcept override { return 1; }
  MemoryResource& memory() noexcept override { return memory_; }
  std::unique_ptr<Executor> make_eager() override { return std::make_unique<Run>(); }
  std::unique_ptr<Executor> capture(const InputSignature&) override {
    return std::make_unique<Run>();
  }

 private:
  class Run final : public Executor {
   public:
    RunReport run(std::span<const TensorView>, const RunContext&, TensorList& outputs) override {
      outputs.push_back(first_);
      outputs.push_back(second_);
      return {};
    }
    std::size_t bytes() const noexcept override { return 1; }

   private:
    Tensor first_ = Tensor::allocate(DType::kF32, {4});
    Tensor second_ = Tensor::allocate(DType::kF32, {4});
  };
  /// Asked for by the verification of a new graph, but never to do anything: all is on the host.
  class Unused final : public MemoryResource {
   public:
    Tensor allocate(DType, const Shape&, const Device&, const RunContext&) override {
      std::abort();
    }
    void copy(void*, const void*, std::size_t, const RunContext&) override { std::abort(); }
    void fill_zero(void*, std::size_t, const RunContext&) override { std::abort(); }
  };
  Unused memory_;
  using Dims = std::vector<DimensionRange>;
  std::vector<TensorSpec> inputs_ = {{"a", DType::kF32, Dims{{}, {}}},
                                     {"b", DType::kI64, Dims{{}}}};
  std::vector<TensorSpec> outputs_ = {{"c", DType::kF32, std::nullopt},
                                      {"d", DType::kF32, std::nullopt}};
};

TEST(AllocationTest, AReplayAllocatesNothingInTheCore) {
  const Engine engine(std::make_unique<Preallocated>());
  InferOptions options;
  options.graph_cache = std::make_shared<GraphCache>(4);
  const Tensor a = Tensor::allocate(DType::kF32, {2, 3});
  const Tensor b = Tensor::allocate(DType::kI64, {5});
  const std::array views{a.view(), b.view()};
  ASSERT_EQ(infer(engine, views, options).route, Route::kCaptured);
  const long before = allocations;
  for (int i = 0; i < 100; ++i) {
    const InferResult result = infer(engine, views, options);
    ASSERT_EQ(result.route, Route::kReplayed);
  }
  EXPECT_EQ(allocations - before, 0);
}

TEST(AllocationTest, TheCounterCounts) {
  const Engine engine(std::make_unique<Preallocated>());
  const Tensor a = Tensor::allocate(DType::kF32, {2, 3});
  const Tensor b = Tensor::allocate(DType::kI64, {5});
  const std::array views{a.view(), b.view()};
  const long before = allocations;
  static_cast<void>(infer(engine, views));  // Makes the eager executor.
  EXPECT_GT(allocations - before, 0);
}

}  // namespace
}  // namespace replayrt
