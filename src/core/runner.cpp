#include "core/runner.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "replayrt/core/log.hpp"

namespace replayrt::detail {
namespace {

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

void report_failure(const EngineState& engine, std::span<const TensorView> inputs,
                    InputBinding binding, const char* what) noexcept {
  try {
    log(LogLevel::kWarning,
        engine.key_for(inputs, binding).to_string() +
            ": the captured graph failed and was dropped, served eagerly: " + what);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory for the message.
  }
}

}  // namespace

std::int64_t elements_of(std::span<const TensorView> inputs) noexcept {
  std::int64_t elements = 0;
  for (const TensorView& input : inputs) {
    elements += input.shape.num_elements();
  }
  return elements;
}

Runner::Runner(EngineState& engine, const InferOptions& options)
    : engine_(engine), context_(options.context), binding_(options.input_binding) {
  if (options.graph_cache == nullptr) {
    reason_ = Reason::kNoCache;
  } else if (options.disable_cuda_graphs) {
    reason_ = Reason::kDisabled;
  } else {
    cache_ = options.graph_cache->state().get();
  }
}

Completion Runner::run(const Inputs& inputs, TensorList& outputs, InferResult& result) const {
  result.computed_elements += elements_of(inputs.views);
  result.padded_elements += inputs.padding_elements;
  const InputBinding binding = inputs.passing ? InputBinding::kCopied : binding_;
  std::optional<Answer> answer;
  Lease lease =
      cache_ == nullptr
          ? engine_.lease_eager(reason_)
          : cache_->acquire(engine_.shared_from_this(), engine_.key_for(inputs.views, binding),
                            {inputs.views, context_, inputs.padding_elements}, answer);
  if (lease.route() != Route::kEager) {
    try {
      return answer.has_value() ? take(lease, std::move(*answer), outputs, result)
                                : run_leased(lease, inputs.views, outputs, result);
    } catch (const std::exception& error) {
      report_failure(engine_, inputs.views, binding, error.what());
    }
    // Ended before the eager lease begins: no call holds two.
    lease.discard();
    lease = engine_.lease_eager(Reason::kReplayFailed);
  }
  try {
    return run_leased(lease, inputs.views, outputs, result);
  } catch (...) {
    lease.discard();
    throw;
  }
}

Completion Runner::run_leased(Lease& lease, std::span<const TensorView> inputs, TensorList& outputs,
                              InferResult& result) const {
  outputs.clear();
  const auto begin = std::chrono::steady_clock::now();
  const RunReport report = lease.executor().run(inputs, context_, outputs);
  const auto took = [&] { return std::chrono::steady_clock::now() - begin; };
  return finish(lease, report, took, result);
}

Completion Runner::take(Lease& lease, Answer answer, TensorList& outputs,
                        InferResult& result) const {
  outputs = std::move(answer.outputs);
  const auto not_measured = [] { return std::nullopt; };
  return finish(lease, answer.report, not_measured, result);
}

template <class RunTime>
Completion Runner::finish(Lease& lease, const RunReport& report, RunTime run_time,
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

}  // namespace replayrt::detail
