#pragma once

#include <cstdint>
#include <span>

#include "core/engine_state.hpp"
#include "core/graph_cache_state.hpp"
#include "replayrt/core/infer.hpp"

namespace replayrt::detail {

/// Elements of all inputs.
std::int64_t elements_of(std::span<const TensorView> inputs) noexcept;

/// Runs one set of inputs that fits the engine: as the cache says, or eagerly.
class Runner {
 public:
  /// Both must outlive it.
  Runner(EngineState& engine, const InferOptions& options);

  struct Inputs {
    std::span<const TensorView> views;
    bool passing = false;               ///< They lie where no later call will find them.
    std::int64_t padding_elements = 0;  ///< Of all of theirs.
  };

  /// Books the run in `result`; throws what `infer` throws.
  Completion run(const Inputs& inputs, TensorList& outputs, InferResult& result) const;

 private:
  Completion run_leased(Lease& lease, std::span<const TensorView> inputs, TensorList& outputs,
                        InferResult& result) const;
  /// The run was part of the capture or the verification, whose price includes it.
  Completion take(Lease& lease, Answer answer, TensorList& outputs, InferResult& result) const;
  template <class RunTime>
  Completion finish(Lease& lease, const RunReport& report, RunTime run_time,
                    InferResult& result) const;

  EngineState& engine_;
  const RunContext& context_;
  const InputBinding binding_;
  GraphCacheState* cache_ = nullptr;
  Reason reason_ = Reason::kNone;
};

}  // namespace replayrt::detail
