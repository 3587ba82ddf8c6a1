#include "replayrt/core/engine.hpp"

#include <algorithm>
#include <utility>

#include "core/engine_state.hpp"
#include "core/repeat_bytes.hpp"

namespace replayrt {
namespace {

std::string range_text(const DimensionRange& range) {
  if (!range.is_dynamic()) {
    return std::to_string(range.min);
  }
  if (range.max == DimensionRange::kUnbounded) {
    return range.min <= 1 ? "?" : std::to_string(range.min) + "..";
  }
  return std::to_string(range.min) + ".." + std::to_string(range.max);
}

std::size_t index_of(const std::vector<TensorSpec>& specs, std::string_view name,
                     std::string_view kind) {
  const auto found = std::ranges::find(specs, name, &TensorSpec::name);
  if (found != specs.end()) {
    return static_cast<std::size_t>(found - specs.begin());
  }
  std::string known;
  for (const TensorSpec& spec : specs) {
    known.append(known.empty() ? "" : ", ").append(spec.name);
  }
  throw Error(ErrorCode::kInvalidParameter, "the engine has no " + std::string(kind) + " '" +
                                                std::string(name) + "': it has " + known);
}

}  // namespace

bool TensorSpec::is_dynamic() const noexcept {
  return !dims.has_value() || std::ranges::any_of(*dims, &DimensionRange::is_dynamic);
}

std::string TensorSpec::shape_text() const {
  if (!dims.has_value()) {
    return "any rank";
  }
  std::string text;
  for (const DimensionRange& range : *dims) {
    text.append(text.empty() ? "" : "x").append(range_text(range));
  }
  return text.empty() ? "scalar" : text;
}

std::unique_ptr<Executor> EngineBackend::capture_and_run(const InputSignature& signature,
                                                         std::span<const TensorView> inputs,
                                                         const RunContext& context,
                                                         TensorList& outputs, RunReport& report) {
  std::unique_ptr<Executor> graph = capture(signature);
  if (graph != nullptr) {
    report = graph->run(inputs, context, outputs);
  }
  return graph;
}

void MemoryResource::fill(void* to, std::size_t bytes, std::span<const std::byte> pattern,
                          const RunContext& context) {
  if (bytes == 0) {
    return;
  }
  const Tensor filled = Tensor::allocate(DType::kU8, {static_cast<std::int64_t>(bytes)});
  detail::repeat_bytes(filled.data(), bytes, pattern);
  copy(to, filled.data(), bytes, context);
  completion(context).wait();
}

Completion MemoryResource::completion(const RunContext& /*context*/) {
  return {};
}

Engine::Engine(std::unique_ptr<EngineBackend> backend) {
  if (backend == nullptr) {
    throw Error(ErrorCode::kInvalidParameter, "an engine needs a backend: null was given");
  }
  state_ = std::make_shared<detail::EngineState>(std::move(backend));
}

Engine::Engine(Engine&&) noexcept = default;

Engine& Engine::operator=(Engine&& other) noexcept {
  if (this != &other) {
    const Engine retired(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}

Engine::~Engine() {
  if (state_ != nullptr) {
    state_->retire();
  }
}

EngineId Engine::id() const noexcept {
  return state_->id();
}
std::string_view Engine::backend_name() const noexcept {
  return state_->backend().name();
}
Device Engine::device() const noexcept {
  return state_->backend().device();
}
const std::vector<TensorSpec>& Engine::inputs() const noexcept {
  return state_->backend().inputs();
}
const std::vector<TensorSpec>& Engine::outputs() const noexcept {
  return state_->backend().outputs();
}

std::size_t Engine::input_index(std::string_view name) const {
  return index_of(inputs(), name, "input");
}
std::size_t Engine::output_index(std::string_view name) const {
  return index_of(outputs(), name, "output");
}

void Engine::validate(std::span<const TensorView> given) const {
  state_->validate(given);
}

GraphKey Engine::key_for(std::span<const TensorView> given, InputBinding binding) const {
  return state_->key_for(given, binding);
}

std::string Engine::content_hash() const {
  return state_->content_hash();
}

std::unique_ptr<Executor> Engine::make_eager() const {
  return state_->backend().make_eager();
}

std::unique_ptr<Executor> Engine::capture(const InputSignature& signature) const {
  return state_->backend().capture(signature);
}

}  // namespace replayrt
