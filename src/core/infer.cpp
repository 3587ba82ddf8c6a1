#include "replayrt/core/infer.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "core/batch_plan.hpp"
#include "core/engine_state.hpp"
#include "core/graph_cache_state.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

using detail::Answer;
using detail::BatchPlan;
using detail::EngineState;
using Views = SmallVector<TensorView, 4>;

[[noreturn]] void refuse(ErrorCode code, const std::string& message) {
  throw Error(code, message);
}

/// Bytes of one row (everything behind dimension 0).
std::size_t row_bytes(DType dtype, const Shape& shape, const std::string& name) {
  const std::int64_t elements = Shape(shape.dims().subspan(1)).num_elements();
  if (bit_size(dtype) % 8 != 0 && elements % 2 != 0) {
    refuse(ErrorCode::kUnsupported, "tensor '" + name + "' (" + std::string(to_string(dtype)) +
                                        " " + shape.to_string() +
                                        ") cannot be split or padded: its rows are no whole bytes");
  }
  return packed_bytes(dtype, elements);
}

void add_route(InferResult& result, Route route, Reason reason) {
  switch (route) {
    case Route::kEager:
      if (result.eager_runs++ == 0) {
        result.reason = reason;
      }
      break;
    case Route::kCaptured:
      ++result.captured_runs;
      break;
    case Route::kReplayed:
      ++result.replayed_runs;
      break;
  }
  result.route = result.captured_runs > 0 ? Route::kCaptured
                 : result.eager_runs > 0  ? Route::kEager
                                          : Route::kReplayed;
}

/// Runs one set of inputs that fits the engine.
class Runner {
 public:
  Runner(EngineState& engine, const InferOptions& options)
      : engine_(engine), context_(options.context), binding_(options.input_binding) {
    if (options.graph_cache == nullptr) {
      reason_ = Reason::kNoCache;
    } else if (options.disable_cuda_graphs) {
      reason_ = Reason::kDisabled;
    } else {
      cache_ = options.graph_cache->state().get();
    }
  }

  /// `passing`: the inputs lie where no later call will find them.
  Completion run(std::span<const TensorView> inputs, bool passing, TensorList& outputs,
                 InferResult& result) const {
    const InputBinding binding = passing ? InputBinding::kCopied : binding_;
    std::optional<Answer> answer;
    Lease lease = cache_ == nullptr ? engine_.lease_eager(reason_)
                                    : cache_->acquire(engine_.shared_from_this(),
                                                      engine_.key_for(inputs, binding),
                                                      {inputs, context_}, answer);
    if (lease.route() != Route::kEager) {
      try {
        return answer.has_value() ? take(lease, std::move(*answer), outputs, result)
                                  : run_leased(lease, inputs, outputs, result);
      } catch (const std::exception& error) {
        report_failure(engine_.key_for(inputs, binding), error.what());
      }
      // Ended before the eager lease begins: no call holds two.
      lease.discard();
      lease = engine_.lease_eager(Reason::kReplayFailed);
    }
    try {
      return run_leased(lease, inputs, outputs, result);
    } catch (...) {
      lease.discard();
      throw;
    }
  }

 private:
  static void report_failure(const GraphKey& key, const char* what) noexcept {
    try {
      log(LogLevel::kWarning,
          key.to_string() + ": the captured graph failed and was dropped, served eagerly: " + what);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory for the message.
    }
  }

  Completion run_leased(Lease& lease, std::span<const TensorView> inputs, TensorList& outputs,
                        InferResult& result) const {
    outputs.clear();
    const auto begin = std::chrono::steady_clock::now();
    const RunReport report = lease.executor().run(inputs, context_, outputs);
    const auto took = [&] { return std::chrono::steady_clock::now() - begin; };
    return finish(lease, report, took, result);
  }

  /// The run was part of the capture or the verification, whose price includes it.
  Completion take(Lease& lease, Answer answer, TensorList& outputs, InferResult& result) const {
    outputs = std::move(answer.outputs);
    const auto not_measured = [] { return std::nullopt; };
    return finish(lease, answer.report, not_measured, result);
  }

  template <class RunTime>
  Completion finish(Lease& lease, const RunReport& report, RunTime run_time,
                    InferResult& result) const {
    if (context_.synchronize) {
      report.completion.wait();
    }
    result.bytes_copied += report.bytes_copied;
    add_route(result, lease.route(), lease.reason());
    // Not to be asked once more whether it is done.
    lease.finish(context_.synchronize ? Completion() : report.completion, run_time());
    return report.completion;
  }

  EngineState& engine_;
  const RunContext& context_;
  const InputBinding binding_;
  detail::GraphCacheState* cache_ = nullptr;
  Reason reason_ = Reason::kNone;
};

/// Splits, pads and joins batches around a Runner.
class BatchRunner {
 public:
  BatchRunner(EngineState& engine, std::span<const TensorView> inputs, const InferOptions& options)
      : engine_(engine),
        inputs_(inputs),
        context_(options.context),
        runner_(engine, options),
        memory_(engine.backend().memory()),
        rows_(find_batch()),
        plan_(rows_, *options.batch_limits) {}

  InferResult run() {
    // Refused before anything runs: the chunks are all alike but the last.
    engine_.validate(inputs_of(plan_.chunk(0), false).views);
    engine_.validate(inputs_of(plan_.chunk(plan_.chunk_count() - 1), false).views);
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

 private:
  struct ChunkInputs {
    Views views;
    TensorList staged;  ///< Owns the memory of the padded views.
  };

  /// Finds out which inputs are batched and how many rows they have.
  std::int64_t find_batch() {
    const auto& specs = engine_.backend().inputs();
    if (inputs_.size() != specs.size()) {
      engine_.validate(inputs_);  // Says so.
    }
    const auto leads_dynamically = [](const TensorSpec& spec) {
      return !spec.dims.has_value() || (!spec.dims->empty() && spec.dims->front().is_dynamic());
    };
    const bool any_dynamic = std::ranges::any_of(specs, leads_dynamically);
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const bool batched =
          inputs_[i].shape.rank() > 0 && (!any_dynamic || leads_dynamically(specs[i]));
      is_batched_.push_back(batched);
      if (!batched) {
        continue;
      }
      if (!first.has_value()) {
        first = i;
      } else if (inputs_[i].shape[0] != inputs_[*first].shape[0]) {
        refuse(ErrorCode::kModelInput, "input '" + specs[i].name + "' has a batch of " +
                                           std::to_string(inputs_[i].shape[0]) + ": expected " +
                                           std::to_string(inputs_[*first].shape[0]) +
                                           ", as input '" + specs[*first].name + "' has");
      }
    }
    if (!first.has_value()) {
      refuse(ErrorCode::kModelInput,
             "batch limits were given, but no input of the engine has a batch dimension");
    }
    return inputs_[*first].shape[0];
  }

  /// The engine's inputs for one chunk; without `with_data` only their shapes count.
  ChunkInputs inputs_of(const BatchPlan::Chunk& chunk, bool with_data,
                        InferResult* result = nullptr) {
    ChunkInputs made;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      TensorView view = inputs_[i];
      if (is_batched_[i]) {
        const std::size_t stride =
            row_bytes(view.dtype, view.shape, engine_.backend().inputs()[i].name);
        view.shape = view.shape.with_dim(0, chunk.padded_rows());
        const auto* source = static_cast<const std::byte*>(view.data);
        if (source != nullptr) {
          source += static_cast<std::size_t>(chunk.begin) * stride;
        }
        view.data = source;
        if (with_data && chunk.padding > 0) {
          const Tensor staged = pad(view, source, static_cast<std::size_t>(chunk.rows) * stride);
          result->bytes_copied += static_cast<std::size_t>(chunk.rows) * stride;
          view = staged.view();
          made.staged.push_back(staged);
        } else if (!with_data && chunk.rows == 0) {
          view.data = this;  // An empty batch needs no data: never read.
        }
      }
      made.views.push_back(view);
    }
    return made;
  }

  Tensor pad(const TensorView& view, const std::byte* source, std::size_t bytes) {
    Tensor staged = memory_.allocate(view.dtype, view.shape, view.device, context_);
    auto* to = static_cast<std::byte*>(staged.data());
    if (bytes > 0) {
      memory_.copy(to, source, bytes, context_);
    }
    memory_.fill_zero(to + bytes, staged.bytes() - bytes, context_);
    return staged;
  }

  TensorList run_chunk(std::int64_t index, InferResult& result, Completion& completion) {
    const BatchPlan::Chunk chunk = plan_.chunk(index);
    const ChunkInputs made = inputs_of(chunk, true, &result);
    TensorList outputs;
    completion = runner_.run(made.views.span(), chunk.padding > 0, outputs, result);
    if (chunk.padding > 0) {
      result.padded_rows += chunk.padding;
      completion.wait();  // The staged inputs end here.
    }
    if (chunk.padding > 0 || plan_.chunk_count() > 1) {
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        require_batch(outputs[i], chunk, i);
        outputs[i] = outputs[i].first_rows(chunk.rows);
      }
    }
    return outputs;
  }

  void require_batch(const Tensor& output, const BatchPlan::Chunk& chunk, std::size_t index) const {
    if (output.shape().rank() == 0 || output.shape()[0] != chunk.padded_rows()) {
      refuse(ErrorCode::kModelRuntime,
             "output '" + engine_.backend().outputs()[index].name + "' has shape " +
                 output.shape().to_string() + " for a batch of " +
                 std::to_string(chunk.padded_rows()) +
                 ": outputs without the batch as dimension 0 cannot be cut or joined");
    }
  }

  void join(const BatchPlan::Chunk& chunk, const TensorList& parts, InferResult& result) {
    if (result.outputs.empty()) {
      for (const Tensor& part : parts) {
        result.outputs.push_back(memory_.allocate(part.dtype(), part.shape().with_dim(0, rows_),
                                                  part.device(), context_));
      }
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Tensor& whole = result.outputs[i];
      if (whole.shape() != parts[i].shape().with_dim(0, rows_)) {
        refuse(ErrorCode::kModelRuntime,
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

  EngineState& engine_;
  const std::span<const TensorView> inputs_;
  const RunContext& context_;
  const Runner runner_;
  MemoryResource& memory_;
  SmallVector<bool, 4> is_batched_;
  const std::int64_t rows_;
  const BatchPlan plan_;
};

}  // namespace

InferResult infer(const Engine& engine, std::span<const TensorView> inputs,
                  const InferOptions& options) {
  // Kept for the whole call: another thread may end the handle meanwhile.
  const std::shared_ptr<EngineState> state = engine.state();
  if (options.batch_limits.has_value()) {
    return BatchRunner(*state, inputs, options).run();
  }
  state->validate(inputs);
  InferResult result;
  result.completion = Runner(*state, options).run(inputs, false, result.outputs, result);
  return result;
}

}  // namespace replayrt
