#pragma once

#include <array>
#include <memory>
#include <openvino/runtime/infer_request.hpp>

#include "backends/openvino/compiled_model_pool.hpp"
#include "backends/openvino/engine_context.hpp"

namespace replayrt::openvino {

/// Runs the eager, dynamic-shape compiled model. OpenVINO writes an output whose shape is not fixed
/// into memory of the infer request (to one that is set from outside it copies), so the result
/// borrows that memory, and the request rests until the result is gone; meanwhile another request
/// takes its place.
class DynamicExecutor final : public Executor {
 public:
  DynamicExecutor(std::shared_ptr<EngineContext> context, CompiledModelPool::Use model);

  RunReport run(std::span<const TensorView> inputs, const RunContext& run,
                TensorList& outputs) override;
  [[nodiscard]] std::size_t bytes() const noexcept override {
    return 0;
  }  // The model is the engine's.

 private:
  struct Slot {
    ov::InferRequest request;
    std::shared_ptr<void> lent;  ///< Shared with every result that borrows the request's memory.
  };

  /// A slot whose memory nobody borrows; null if there is none.
  Slot* lendable_slot();
  void take_outputs(Slot& slot, bool lend, RunReport& report, TensorList& outputs);

  // Results alive beyond this are copied, so that a caller who keeps many does not cost a request
  // each.
  static constexpr std::size_t kLendableRequests = 4;

  const std::shared_ptr<EngineContext> context_;
  CompiledModelPool::Use model_;
  std::array<Slot, kLendableRequests> slots_;
  Slot copied_from_;
};

}  // namespace replayrt::openvino
