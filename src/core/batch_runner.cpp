#include "core/batch_runner.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace replayrt::detail {
namespace {

bool leads_dynamically(const TensorSpec& spec) {
  return !spec.dims.has_value() || (!spec.dims->empty() && spec.dims->front().is_dynamic());
}

}  // namespace

bool BatchRunner::is_needed(const InferOptions& options) noexcept {
  return options.batch_limits.has_value() || !options.batch_buckets.is_none() ||
         !options.dimension_buckets.empty();
}

BatchRunner::BatchRunner(EngineState& engine, std::span<const TensorView> inputs,
                         const InferOptions& options)
    : engine_(engine),
      inputs_(inputs),
      context_(options.context),
      runner_(engine, options),
      memory_(engine.backend().memory()),
      has_batch_(options.batch_limits.has_value() || !options.batch_buckets.is_none()),
      is_batched_(find_batched()),
      plan_(plan_batch(options)),
      dimensions_(engine.backend(), inputs, options.dimension_buckets, is_batched_.span()) {}

SmallVector<bool, 4> BatchRunner::find_batched() const {
  const auto& specs = engine_.backend().inputs();
  if (inputs_.size() != specs.size()) {
    engine_.validate(inputs_);  // Says so.
  }
  const bool any_dynamic = std::ranges::any_of(specs, leads_dynamically);
  SmallVector<bool, 4> is_batched;
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool batched =
        has_batch_ && inputs_[i].shape.rank() > 0 && (!any_dynamic || leads_dynamically(specs[i]));
    is_batched.push_back(batched);
    if (!batched) {
      continue;
    }
    if (!first.has_value()) {
      first = i;
    } else if (inputs_[i].shape[0] != inputs_[*first].shape[0]) {
      throw Error(ErrorCode::kModelInput, "input '" + specs[i].name + "' has a batch of " +
                                              std::to_string(inputs_[i].shape[0]) + ": expected " +
                                              std::to_string(inputs_[*first].shape[0]) +
                                              ", as input '" + specs[*first].name + "' has");
    }
  }
  if (has_batch_ && !first.has_value()) {
    throw Error(
        ErrorCode::kModelInput,
        "batch limits or buckets were given, but no input of the engine has a batch dimension");
  }
  return is_batched;
}

BatchPlan BatchRunner::plan_batch(const InferOptions& options) const {
  if (!has_batch_) {
    return BatchPlan(1, {1, 1});
  }
  const BatchLimits limits =
      options.batch_limits.value_or(BatchLimits{1, DimensionRange::kUnbounded});
  return BatchPlan(rows(), limits, options.batch_buckets, row_range());
}

std::int64_t BatchRunner::rows() const {
  const auto first = std::ranges::find(is_batched_, true) - is_batched_.begin();
  return inputs_[static_cast<std::size_t>(first)].shape[0];
}

DimensionRange BatchRunner::row_range() const {
  DimensionRange range;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const auto& dims = engine_.backend().inputs()[i].dims;
    if (is_batched_[i] && dims.has_value() && !dims->empty()) {
      range.min = std::max(range.min, dims->front().min);
      range.max = std::min(range.max, dims->front().max);
    }
  }
  return range;
}

InferResult BatchRunner::run() {
  // Refused before anything runs: the chunks are all alike but the last.
  engine_.validate(inputs_of(plan_.chunk(0), nullptr).views.span());
  if (plan_.chunk_count() > 1) {
    engine_.validate(inputs_of(plan_.chunk(plan_.chunk_count() - 1), nullptr).views.span());
  }
  InferResult result;
  if (plan_.chunk_count() == 1) {
    result.outputs = run_chunk(0, result, result.completion);
    return result;
  }
  for (std::int64_t i = 0; i < plan_.chunk_count(); ++i) {
    Completion completion;
    const TensorList outputs = run_chunk(i, result, completion);
    completion.wait();
    join(plan_.chunk(i), outputs, result);
  }
  result.completion = memory_.completion(context_);
  if (context_.synchronize) {
    result.completion.wait();
  }
  return result;
}

BatchRunner::ChunkInputs BatchRunner::inputs_of(const BatchPlan::Chunk& chunk,
                                                InferResult* result) {
  ChunkInputs made;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    TensorView view = inputs_[i];
    Shape padded = view.shape;
    if (is_batched_[i]) {
      const std::size_t stride =
          row_bytes(view.dtype, view.shape, engine_.backend().inputs()[i].name);
      if (view.data != nullptr) {
        view.data = static_cast<const std::byte*>(view.data) +
                    static_cast<std::size_t>(chunk.begin) * stride;
      }
      view.shape = view.shape.with_dim(0, chunk.rows);
      padded = padded.with_dim(0, chunk.padded_rows());
    }
    padded = dimensions_.padded(i, padded);
    if (result == nullptr) {
      if (is_batched_[i] && chunk.rows == 0) {
        view.data = this;  // An empty batch needs no data: never read.
      }
      view.shape = padded;
    } else if (padded != view.shape) {
      const Tensor staged = pad(i, view, padded);
      made.padding_elements += padded.num_elements() - view.shape.num_elements();
      result->bytes_copied += view.bytes();
      view = staged.view();
      made.staged.push_back(staged);
    }
    made.views.push_back(view);
  }
  return made;
}

Tensor BatchRunner::pad(std::size_t input, const TensorView& view, const Shape& shape) {
  const std::string& name = engine_.backend().inputs()[input].name;
  Tensor staged = memory_.allocate(view.dtype, shape, view.device, context_);
  auto* to = static_cast<std::byte*>(staged.data());
  // Of a batch the rows that are added are zeros; what is added to rows holds the fill.
  std::size_t filled = staged.bytes();
  if (is_batched_[input]) {
    filled = static_cast<std::size_t>(view.shape[0]) * row_bytes(view.dtype, shape, name);
  }
  const bool rows_are_whole = is_batched_[input] && shape.with_dim(0, view.shape[0]) == view.shape;
  if (!rows_are_whole && filled > 0) {
    memory_.fill(to, filled, dimensions_.fill(input).span(), context_);
  }
  if (view.shape.num_elements() > 0) {
    copy_block(memory_, context_, view.dtype, view.shape, to, shape, view.data, view.shape, name);
  }
  memory_.fill_zero(to + filled, staged.bytes() - filled, context_);
  return staged;
}

TensorList BatchRunner::run_chunk(std::int64_t index, InferResult& result, Completion& completion) {
  const BatchPlan::Chunk chunk = plan_.chunk(index);
  const ChunkInputs made = inputs_of(chunk, &result);
  const bool is_padded = !made.staged.empty();
  TensorList outputs;
  completion = runner_.run({made.views.span(), is_padded, made.padding_elements}, outputs, result);
  if (is_padded) {
    result.padded_rows += chunk.padding;
    completion.wait();  // The staged inputs end here.
  }
  if (is_padded || plan_.chunk_count() > 1) {
    cut(chunk, outputs, result);
  }
  return outputs;
}

void BatchRunner::cut(const BatchPlan::Chunk& chunk, TensorList& outputs, InferResult& result) {
  const bool cuts_batch = chunk.padding > 0 || plan_.chunk_count() > 1;
  SmallVector<Shape, 4> shapes;
  for (std::size_t i = 0; i < outputs.size(); ++i) {  // All are looked at before any is copied.
    Shape shape = outputs[i].shape();
    if (cuts_batch) {
      require_batch(outputs[i], chunk, i);
      shape = shape.with_dim(0, chunk.rows);
    }
    shapes.push_back(dimensions_.cut(i, shape));
  }
  TensorList copied_from;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Tensor& output = outputs[i];
    if (shapes[i] == output.shape()) {
      continue;
    }
    if (cuts_batch && output.shape().with_dim(0, chunk.rows) == shapes[i]) {
      output = output.first_rows(chunk.rows);
      continue;
    }
    const Tensor part = memory_.allocate(output.dtype(), shapes[i], output.device(), context_);
    copy_block(memory_, context_, output.dtype(), shapes[i], part.data(), shapes[i], output.data(),
               output.shape(), engine_.backend().outputs()[i].name);
    result.bytes_copied += part.bytes();
    copied_from.push_back(std::exchange(output, part));
  }
  if (!copied_from.empty()) {
    memory_.completion(context_).wait();
  }
}

void BatchRunner::require_batch(const Tensor& output, const BatchPlan::Chunk& chunk,
                                std::size_t index) const {
  if (output.shape().rank() == 0 || output.shape()[0] != chunk.padded_rows()) {
    throw Error(ErrorCode::kModelRuntime,
                "output '" + engine_.backend().outputs()[index].name + "' has shape " +
                    output.shape().to_string() + " for a batch of " +
                    std::to_string(chunk.padded_rows()) +
                    ": outputs without the batch as dimension 0 cannot be cut or joined");
  }
}

void BatchRunner::join(const BatchPlan::Chunk& chunk, const TensorList& parts,
                       InferResult& result) {
  if (result.outputs.empty()) {
    for (const Tensor& part : parts) {
      result.outputs.push_back(memory_.allocate(part.dtype(), part.shape().with_dim(0, rows()),
                                                part.device(), context_));
    }
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Tensor& whole = result.outputs[i];
    if (whole.shape() != parts[i].shape().with_dim(0, rows())) {
      throw Error(ErrorCode::kModelRuntime,
                  "output '" + engine_.backend().outputs()[i].name + "' has shape " +
                      parts[i].shape().to_string() + " for one part of the batch and " +
                      whole.shape().to_string() + " was expected of the whole: cannot be joined");
    }
    const std::size_t stride =
        row_bytes(whole.dtype(), whole.shape(), engine_.backend().outputs()[i].name);
    memory_.copy(
        static_cast<std::byte*>(whole.data()) + static_cast<std::size_t>(chunk.begin) * stride,
        parts[i].data(), parts[i].bytes(), context_);
    result.bytes_copied += parts[i].bytes();
  }
}

}  // namespace replayrt::detail
