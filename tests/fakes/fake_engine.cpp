#include "fakes/fake_engine.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

namespace replayrt::fakes {
namespace {

struct Shared {
  FakeOptions options;
  std::vector<TensorSpec> outputs;
};

void query(const FakeOptions& options) noexcept {
  if (options.on_query) {
    options.on_query();
  }
}

class HeapMemory final : public MemoryResource {
 public:
  explicit HeapMemory(const FakeOptions& options)
      : on_allocate_(options.on_allocate), on_copy_(options.on_copy), device_(options.device) {}

  Tensor allocate(DType dtype, const Shape& shape, const Device&, const RunContext&) override {
    if (on_allocate_) {
      on_allocate_();
    }
    return Tensor::allocate(dtype, shape);
  }
  void copy(void* to, const void* from, std::size_t bytes, const RunContext& context) override {
    const auto* begin = static_cast<const std::byte*>(from);
    auto task = [to, data = std::vector<std::byte>(begin, begin + bytes), on_copy = on_copy_] {
      if (on_copy) {
        on_copy();
      }
      std::memcpy(to, data.data(), data.size());
    };
    if (device_ == nullptr || context.stream == nullptr) {
      task();
      return;
    }
    const Completion copied = device_->enqueue(std::move(task));
    const std::lock_guard lock(mutex_);
    last_copy_ = copied;
  }
  void fill_zero(void* to, std::size_t bytes, const RunContext&) override {
    std::memset(to, 0, bytes);
  }
  void fill(void* to, std::size_t bytes, std::span<const std::byte> pattern,
            const RunContext&) override {
    for (std::size_t i = 0; i < bytes; ++i) {
      static_cast<std::byte*>(to)[i] = pattern[i % pattern.size()];
    }
  }
  Completion completion(const RunContext& context) override {
    const std::lock_guard lock(mutex_);
    return context.stream == nullptr ? Completion() : last_copy_;
  }

 private:
  std::function<void()> on_allocate_;
  std::function<void()> on_copy_;
  std::shared_ptr<FakeDevice> device_;
  std::mutex mutex_;
  Completion last_copy_;  ///< The device works in order.
};

void compute(const FakeOptions& options, std::span<const TensorView> inputs, const Tensor& sum,
             const Tensor& rows) {
  const std::vector<float> values = expected_sum(options, inputs);
  std::ranges::copy(values, sum.as<float>().begin());
  const auto row_sums = rows.as<float>();
  const std::size_t stride = row_sums.empty() ? 0 : values.size() / row_sums.size();
  for (std::size_t row = 0; row < row_sums.size(); ++row) {
    float total = 0;
    for (std::size_t i = 0; i < stride; ++i) {
      total += values[row * stride + i];
    }
    row_sums[row] = total;
  }
}

class FakeExecutor final : public Executor {
 public:
  FakeExecutor(std::shared_ptr<const Shared> shared, bool captured, InputSignature signature)
      : shared_(std::move(shared)), captured_(captured), signature_(std::move(signature)) {
    ++(captured_ ? counters().live_graphs : counters().live_eager);
  }
  ~FakeExecutor() override {
    if (shared_->options.on_destroy) {
      shared_->options.on_destroy();
    }
    if (*in_flight_ != 0) {
      ++counters().violations;
    }
    --(captured_ ? counters().live_graphs : counters().live_eager);
  }

  RunReport run(std::span<const TensorView> inputs, const RunContext& context,
                TensorList& outputs) override {
    if (in_flight_->fetch_add(1) != 0 && !runs_in_order()) {
      ++counters().violations;
    }
    try {
      const FakeOptions& options = shared_->options;
      if (options.on_run) {
        options.on_run(captured_);
      }
      if (options.on_context) {
        options.on_context(context);
      }
      if (captured_ && !fits(inputs)) {
        throw Error(ErrorCode::kModelInput, "the graph was captured for " + to_string(signature_));
      }
      ++(captured_ ? counters().graph_runs : counters().eager_runs);
      return start(inputs, context, outputs);
    } catch (...) {
      --*in_flight_;
      throw;
    }
  }

  bool runs_in_order() const noexcept override {
    return captured_ && shared_->options.graphs_run_in_order;
  }

  std::size_t bytes() const noexcept override {
    query(shared_->options);
    if (captured_ && shared_->options.bytes_of) {
      return shared_->options.bytes_of(signature_);
    }
    return captured_ ? shared_->options.graph_bytes : 0;
  }

 private:
  FakeCounters& counters() const { return *shared_->options.counters; }

  bool fits(std::span<const TensorView> inputs) const {
    InputSignature given = signature_of(inputs);
    for (std::size_t i = 0; i < std::min(given.size(), signature_.size()); ++i) {
      given[i].address = signature_[i].address != nullptr ? inputs[i].data : nullptr;
    }
    return given == signature_;
  }

  RunReport start(std::span<const TensorView> inputs, const RunContext& context,
                  TensorList& outputs) {
    const Shape& shape = inputs.front().shape;
    const Tensor sum = Tensor::allocate(DType::kF32, shape);
    const Tensor rows = Tensor::allocate(DType::kF32, {shape.rank() == 0 ? 1 : shape[0]});
    outputs.push_back(sum);
    outputs.push_back(rows);
    auto work = [shared = shared_, captured = captured_, views = SmallVector<TensorView, 4>(inputs),
                 sum, rows, in_flight = in_flight_] {
      compute(shared->options, views.span(), sum, rows);
      if (shared->options.on_answer) {
        shared->options.on_answer(captured, sum.as<float>());
      }
      --*in_flight;
    };
    if (shared_->options.device == nullptr) {
      work();
      return {};
    }
    RunReport report{.completion = shared_->options.device->enqueue(std::move(work))};
    if (context.synchronize) {
      report.completion.wait();
    }
    return report;
  }

  std::shared_ptr<const Shared> shared_;
  bool captured_;
  InputSignature signature_;
  std::shared_ptr<std::atomic<int>> in_flight_ = std::make_shared<std::atomic<int>>(0);
};

class FakeEngine final : public EngineBackend {
 public:
  explicit FakeEngine(FakeOptions options) : memory_(options) {
    auto shared = std::make_shared<Shared>();
    const auto& dims = options.inputs.front().dims;
    shared->outputs.push_back({"sum", DType::kF32, dims});
    shared->outputs.push_back({"rows", DType::kF32, std::vector<DimensionRange>{dims->front()}});
    shared->options = std::move(options);
    shared_ = std::move(shared);
    ++counters().live_engines;
  }
  ~FakeEngine() override { --counters().live_engines; }

  std::string_view name() const noexcept override { return "fake"; }
  Device device() const noexcept override { return {}; }
  const std::vector<TensorSpec>& inputs() const noexcept override {
    return shared_->options.inputs;
  }
  const std::vector<TensorSpec>& outputs() const noexcept override { return shared_->outputs; }
  std::size_t max_eager_executors() const noexcept override { return shared_->options.max_eager; }
  MemoryResource& memory() noexcept override { return memory_; }
  std::size_t shared_bytes() const noexcept override { return shared_->options.shared_bytes; }
  CaptureEstimate estimate(const InputSignature& /*signature*/) const noexcept override {
    query(shared_->options);
    return shared_->options.estimate;
  }
  Admission preferred_admission() const noexcept override { return shared_->options.admission; }
  bool can_bind(std::size_t /*input*/, const TensorView& /*view*/) const noexcept override {
    return shared_->options.binds;
  }

  std::string content_hash() const override {
    if (shared_->options.on_content_hash) {
      shared_->options.on_content_hash();
    }
    const auto& given = shared_->options.content_hash;
    return given.has_value() ? *given
                             : "fa" + std::to_string(static_cast<int>(shared_->options.salt));
  }

  std::unique_ptr<Executor> make_eager() override {
    ++counters().eager_made;
    return std::make_unique<FakeExecutor>(shared_, false, InputSignature{});
  }

  std::unique_ptr<Executor> capture(const InputSignature& signature) override {
    ++counters().captures;
    const int now = ++counters().capturing;
    for (int seen = counters().max_capturing;
         seen < now && !counters().max_capturing.compare_exchange_weak(seen, now);) {
    }
    try {
      if (shared_->options.on_capture) {
        shared_->options.on_capture(signature);
      }
      auto graph = std::make_unique<FakeExecutor>(shared_, true, signature);
      --counters().capturing;
      return graph;
    } catch (...) {
      --counters().capturing;
      throw;
    }
  }

 private:
  FakeCounters& counters() const { return *shared_->options.counters; }

  std::shared_ptr<const Shared> shared_;
  HeapMemory memory_;
};

}  // namespace

Engine make_fake_engine(FakeOptions options) {
  return Engine(std::make_unique<FakeEngine>(std::move(options)));
}

std::vector<float> expected_sum(const FakeOptions& options, std::span<const TensorView> inputs) {
  std::vector<float> sum(static_cast<std::size_t>(inputs.front().shape.num_elements()),
                         options.salt);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const auto values = inputs[k].as<float>();
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += static_cast<float>(k + 1) * values[i];
    }
  }
  return sum;
}

}  // namespace replayrt::fakes
