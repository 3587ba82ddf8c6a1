#include "replayrt/core/infer.hpp"

#include "core/batch_runner.hpp"

namespace replayrt {

InferResult infer(const Engine& engine, std::span<const TensorView> inputs,
                  const InferOptions& options) {
  // Kept for the whole call: another thread may end the handle meanwhile.
  const std::shared_ptr<detail::EngineState> state = engine.state();
  if (detail::BatchRunner::is_needed(options)) {
    return detail::BatchRunner(*state, inputs, options).run();
  }
  state->validate(inputs);
  InferResult result;
  result.completion =
      detail::Runner(*state, options).run({.views = inputs}, result.outputs, result);
  return result;
}

}  // namespace replayrt
