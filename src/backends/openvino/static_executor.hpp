#pragma once

#include <cstddef>
#include <memory>
#include <openvino/runtime/infer_request.hpp>
#include <vector>

#include "backends/openvino/compiled_model_pool.hpp"
#include "backends/openvino/engine_context.hpp"

namespace replayrt::openvino {

/// Runs a model whose shapes are all fixed, with one infer request whose tensors stay bound from
/// run to run: only what lies elsewhere than the last time is bound anew. Inputs are read where the
/// caller has them, outputs written into blocks of the engine's pool.
class StaticExecutor final : public Executor {
 public:
  StaticExecutor(std::shared_ptr<EngineContext> context, CompiledModelPool::Use model);

  RunReport run(std::span<const TensorView> inputs, const RunContext& run,
                TensorList& outputs) override;
  [[nodiscard]] std::size_t bytes() const noexcept override { return bytes_; }

  /// Runs once on zeros.
  void warm_up();
  void set_bytes(std::size_t bytes) noexcept { bytes_ = bytes; }

 private:
  struct Port {
    DType dtype;
    Shape shape;
    ov::element::Type ov_type;
    ov::Shape ov_shape;
    std::size_t bytes;
    const void* bound =
        nullptr;  ///< Compared with, never read through: the caller's memory may be gone.
  };

  static std::vector<Port> ports_of(const std::vector<ov::Output<const ov::Node>>& ports);
  void require_signature(std::span<const TensorView> inputs) const;

  const std::shared_ptr<EngineContext> context_;
  CompiledModelPool::Use model_;
  ov::InferRequest request_;
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
  std::size_t bytes_ = 0;
};

}  // namespace replayrt::openvino
