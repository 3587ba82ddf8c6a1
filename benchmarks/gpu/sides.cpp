#include "sides.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "backends/cuda/check.hpp"
#include "bare_engine.hpp"
#include "core/engine_state.hpp"

namespace replayrt::benchmarks {
namespace {

constexpr std::array<std::string_view, 8> kNames = {
    "eager", "replay", "in_place", "recapture", "bare", "bare_copies", "bare_eager", "reference"};

void copy(void* to, const void* from, std::size_t bytes, cudaStream_t stream) {
  cuda::check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "cudaMemcpyAsync");
}

void synchronize(cudaStream_t stream) {
  cuda::check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
}

/// What the context's last run, which is complete, wrote.
TensorList on_host(const BareContext& context) {
  const cuda::Stream stream = cuda::make_stream();
  TensorList list;
  for (std::size_t i = 0; i < context.outputs().size(); ++i) {
    const BareContext::Port& output = context.outputs()[i];
    Tensor tensor = Tensor::allocate(output.dtype, context.output_shape(i));
    copy(tensor.data(), output.memory.get(), tensor.bytes(), stream.get());
    list.push_back(std::move(tensor));
  }
  synchronize(stream.get());
  return list;
}

/// `infer`; calls that are enqueued are given a stream of the caller.
class InferSide final : public Side {
 public:
  InferSide(const SideInputs& inputs, std::int64_t capacity, bool recaptures, InputBinding binding)
      : engine_(load_engine(inputs.plan, inputs.load)),
        stream_(make_stream(engine_)),
        recaptures_(recaptures) {
    for (const Tensor& host : inputs.host) {
      inputs_.push_back(to_device(engine_, host));
    }
    if (capacity > 0) {
      options_.graph_cache = std::make_shared<GraphCache>(
          GraphCacheOptions{.capacity = capacity, .admission = Admission::always()});
    }
    options_.input_binding = binding;
  }

  void call(std::size_t shape) override { run(shape, true); }
  [[nodiscard]] bool can_enqueue() const override { return !recaptures_; }
  void enqueue(std::size_t shape) override { last_ = run(shape, false); }
  void wait() override {
    synchronize(static_cast<cudaStream_t>(stream_.get()));
    last_ = InferResult();
  }
  TensorList answer(std::size_t shape) override {
    const InferResult result = run(shape, true);
    TensorList list;
    for (const Tensor& output : result.outputs) {
      list.push_back(to_host(output));
    }
    return list;
  }
  [[nodiscard]] std::shared_ptr<GraphCache> cache() const override { return options_.graph_cache; }

 private:
  InferResult run(std::size_t shape, bool synchronize) {
    if (recaptures_) {
      cache()->purge();
    }
    // The inputs are there when a call is made that is waited for: no stream need be waited for.
    options_.context = {.stream = synchronize ? nullptr : stream_.get(),
                        .synchronize = synchronize};
    const TensorView view = inputs_[shape].view();
    return infer(engine_, {&view, 1}, options_);
  }

  Engine engine_;
  std::shared_ptr<void> stream_;
  bool recaptures_;
  std::vector<Tensor> inputs_;
  InferOptions options_;
  InferResult last_;  ///< Kept until the next call is enqueued, as whoever uses it would.
};

/// Activation memory that is enough for every run of the engine.
cuda::DeviceMemory workspace_of(const BareEngine& engine) {
  return cuda::make_device_memory(
      std::max<std::size_t>(tensorrt::activation_bytes(engine.engine()), 1));
}

/// A graph of TensorRT's run on one input, and memory outside it to copy that input from and the
/// outputs to.
class BareGraph {
 public:
  /// `workspace` as BareContext's.
  BareGraph(BareEngine& engine, const Tensor& host, void* workspace, cudaStream_t stream)
      : context_(engine, host.shape(), workspace), input_(cuda::make_device_memory(host.bytes())) {
    copy(input_.get(), host.data(), host.bytes(), stream);
    copy_in(stream);
    synchronize(stream);
    graph_ = context_.capture(stream);
    for (const BareContext::Port& output : context_.outputs()) {
      outputs_.push_back(cuda::make_device_memory(output.bytes));
    }
  }

  [[nodiscard]] const BareContext& context() const noexcept { return context_; }
  void copy_in(cudaStream_t stream) {
    copy(context_.input().memory.get(), input_.get(), context_.input().bytes, stream);
  }
  void launch(cudaStream_t stream) {
    cuda::check(cudaGraphLaunch(graph_.get(), stream), "cudaGraphLaunch");
  }
  void copy_out(cudaStream_t stream) {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const BareContext::Port& output = context_.outputs()[i];
      copy(outputs_[i].get(), output.memory.get(), output.bytes, stream);
    }
  }

 private:
  BareContext context_;
  cuda::DeviceMemory input_;
  cuda::GraphExec graph_;
  std::vector<cuda::DeviceMemory> outputs_;
};

/// A graph for each shape, in shared activation memory, launched on one stream.
class BareSide final : public Side {
 public:
  BareSide(const SideInputs& inputs, bool copies)
      : engine_(inputs.plan), workspace_(workspace_of(engine_)), copies_(copies) {
    for (const Tensor& host : inputs.host) {
      graphs_.emplace_back(engine_, host, workspace_.get(), stream_.get());
    }
  }

  void call(std::size_t shape) override {
    enqueue(shape);
    wait();
  }
  [[nodiscard]] bool can_enqueue() const override { return true; }
  void enqueue(std::size_t shape) override {
    BareGraph& graph = graphs_[shape];
    if (copies_) {
      graph.copy_in(stream_.get());
    }
    graph.launch(stream_.get());
    if (copies_) {
      graph.copy_out(stream_.get());
    }
  }
  void wait() override { synchronize(stream_.get()); }
  TensorList answer(std::size_t shape) override {
    call(shape);
    return on_host(graphs_[shape].context());
  }

 private:
  BareEngine engine_;
  cuda::DeviceMemory workspace_;
  bool copies_;
  cuda::Stream stream_ = cuda::make_stream();
  std::vector<BareGraph> graphs_;
};

/// enqueueV3 of one context whose shape changes from call to call.
class BareEagerSide final : public Side {
 public:
  explicit BareEagerSide(const SideInputs& inputs)
      : engine_(inputs.plan),
        workspace_(workspace_of(engine_)),
        context_(engine_, largest(inputs.host), workspace_.get()) {
    for (const Tensor& host : inputs.host) {
      shapes_.push_back(host.shape());
    }
    // The values do not matter to how long it takes.
    const Tensor& any = inputs.host.front();
    copy(context_.input().memory.get(), any.data(), any.bytes(), stream_.get());
    synchronize(stream_.get());
  }

  void call(std::size_t shape) override {
    enqueue(shape);
    wait();
  }
  [[nodiscard]] bool can_enqueue() const override { return true; }
  void enqueue(std::size_t shape) override {
    context_.set(shapes_[shape]);
    context_.enqueue(stream_.get());
  }
  void wait() override { synchronize(stream_.get()); }
  TensorList answer(std::size_t shape) override {
    if (shape != 0) {
      return {};
    }
    call(shape);
    return on_host(context_);
  }

 private:
  static const Shape& largest(const std::vector<Tensor>& inputs) {
    return std::ranges::max_element(inputs, {}, &Tensor::bytes)->shape();
  }

  BareEngine engine_;
  cuda::DeviceMemory workspace_;
  BareContext context_;
  std::vector<Shape> shapes_;
  cuda::Stream stream_ = cuda::make_stream();
};

/// How the reference replays (spec/reference-behaviour.md 1.5, "Hit", synchronize=True).
class ReferenceSide final : public Side {
 public:
  explicit ReferenceSide(const SideInputs& inputs) : engine_(inputs.plan) {
    for (const Tensor& host : inputs.host) {
      entries_.emplace_back(engine_, host);
    }
  }

  void call(std::size_t shape) override {
    Entry& entry = entries_[shape];
    const cudaStream_t stream = entry.stream.get();
    entry.graph.copy_in(stream);
    entry.graph.launch(stream);
    // PyTorch's caching allocator gives the same memory again: next to no time.
    entry.graph.copy_out(stream);
    cuda::check(cudaEventRecord(entry.produced.get(), stream), "cudaEventRecord");
    synchronize(stream);
  }
  TensorList answer(std::size_t shape) override {
    call(shape);
    return on_host(entries_[shape].graph.context());
  }

 private:
  struct Entry {
    Entry(BareEngine& engine, const Tensor& host) : graph(engine, host, nullptr, stream.get()) {}

    cuda::Stream stream = cuda::make_stream();
    cuda::Event produced = cuda::make_event();
    BareGraph graph;
  };

  BareEngine engine_;
  std::vector<Entry> entries_;
};

}  // namespace

std::span<const std::string_view> side_names() {
  return kNames;
}

std::unique_ptr<Side> make_side(std::string_view name, const SideInputs& inputs) {
  const auto shapes = static_cast<std::int64_t>(inputs.host.size());
  if (name == "eager") {
    return std::make_unique<InferSide>(inputs, 0, false, InputBinding::kCopied);
  }
  if (name == "replay") {
    return std::make_unique<InferSide>(inputs, shapes, false, InputBinding::kCopied);
  }
  if (name == "in_place") {
    return std::make_unique<InferSide>(inputs, shapes, false, InputBinding::kInPlace);
  }
  if (name == "recapture") {
    return std::make_unique<InferSide>(inputs, 1, true, InputBinding::kCopied);
  }
  if (name == "bare" || name == "bare_copies") {
    return std::make_unique<BareSide>(inputs, name == "bare_copies");
  }
  if (name == "bare_eager") {
    return std::make_unique<BareEagerSide>(inputs);
  }
  if (name == "reference") {
    return std::make_unique<ReferenceSide>(inputs);
  }
  throw std::invalid_argument("unknown side '" + std::string(name) + "'");
}

Tensor to_device(const Engine& engine, const Tensor& host) {
  MemoryResource& memory = engine.state()->backend().memory();
  Tensor copy = memory.allocate(host.dtype(), host.shape(), engine.device(), {});
  memory.copy(copy.data(), host.data(), host.bytes(), {});
  return copy;
}

Tensor to_host(const Tensor& tensor) {
  Tensor copy = Tensor::allocate(tensor.dtype(), tensor.shape());
  const cuda::Stream stream = cuda::make_stream();
  benchmarks::copy(copy.data(), tensor.data(), tensor.bytes(), stream.get());
  synchronize(stream.get());
  return copy;
}

}  // namespace replayrt::benchmarks
