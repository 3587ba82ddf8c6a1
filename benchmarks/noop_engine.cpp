#include "noop_engine.hpp"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace replayrt::benchmarks {
namespace {

class NoopExecutor final : public Executor {
 public:
  explicit NoopExecutor(Tensor output) : output_(std::move(output)) {}

  RunReport run(std::span<const TensorView> /*inputs*/, const RunContext& /*context*/,
                TensorList& outputs) override {
    outputs.push_back(output_);
    return {};
  }
  [[nodiscard]] std::size_t bytes() const noexcept override { return 1; }

 private:
  const Tensor output_;
};

class HeapMemory final : public MemoryResource {
 public:
  Tensor allocate(DType dtype, const Shape& shape, const Device& /*where*/,
                  const RunContext& /*context*/) override {
    return Tensor::allocate(dtype, shape);
  }
  void copy(void* to, const void* from, std::size_t bytes, const RunContext& /*context*/) override {
    std::memcpy(to, from, bytes);
  }
  void fill_zero(void* to, std::size_t bytes, const RunContext& /*context*/) override {
    std::memset(to, 0, bytes);
  }
};

class NoopEngine final : public EngineBackend {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "noop"; }
  [[nodiscard]] Device device() const noexcept override { return {}; }
  [[nodiscard]] const std::vector<TensorSpec>& inputs() const noexcept override { return inputs_; }
  [[nodiscard]] const std::vector<TensorSpec>& outputs() const noexcept override {
    return outputs_;
  }
  [[nodiscard]] std::size_t max_eager_executors() const noexcept override { return 2; }
  MemoryResource& memory() noexcept override { return memory_; }
  std::unique_ptr<Executor> make_eager() override { return make_executor(); }
  std::unique_ptr<Executor> capture(const InputSignature& /*signature*/) override {
    return make_executor();
  }

 private:
  // Each has an output of its own, so that threads do not share its reference count.
  static std::unique_ptr<Executor> make_executor() {
    return std::make_unique<NoopExecutor>(Tensor::allocate(DType::kF32, {1}));
  }

  const std::vector<TensorSpec> inputs_ = {
      {"x", DType::kF32, std::vector<DimensionRange>{{1}, {1}, {1}, {1}}}};
  const std::vector<TensorSpec> outputs_ = {
      {"y", DType::kF32, std::vector<DimensionRange>{DimensionRange::fixed(1)}}};
  HeapMemory memory_;
};

}  // namespace

Engine make_noop_engine() {
  return Engine(std::make_unique<NoopEngine>());
}

}  // namespace replayrt::benchmarks
