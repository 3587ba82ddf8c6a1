#pragma once

#include <cstdint>
#include <span>

#include "core/batch_plan.hpp"
#include "core/padding.hpp"
#include "core/runner.hpp"

namespace replayrt::detail {

/// Splits, pads and joins around a Runner: the batch into chunks, each chunk up to its bucket,
/// other dimensions up to theirs, and the outputs back.
class BatchRunner {
 public:
  /// Whether `options` ask for any of it.
  static bool is_needed(const InferOptions& options) noexcept;

  /// All must outlive it. Throws Error(kInvalidParameter, kModelInput).
  BatchRunner(EngineState& engine, std::span<const TensorView> inputs, const InferOptions& options);

  InferResult run();

 private:
  using Views = SmallVector<TensorView, 4>;

  struct ChunkInputs {
    Views views;
    TensorList staged;  ///< Owns the memory of the padded views.
    std::int64_t padding_elements = 0;
  };

  /// Finds out which inputs are batched.
  SmallVector<bool, 4> find_batched() const;
  BatchPlan plan_batch(const InferOptions& options) const;
  /// Rows of the batch, which all batched inputs have.
  std::int64_t rows() const;
  /// How many rows the engine takes at once.
  DimensionRange row_range() const;

  /// The engine's inputs for one chunk; without `result` only their shapes count.
  ChunkInputs inputs_of(const BatchPlan::Chunk& chunk, InferResult* result);
  /// `view`, padded to `shape`.
  Tensor pad(std::size_t input, const TensorView& view, const Shape& shape);

  TensorList run_chunk(std::int64_t index, InferResult& result, Completion& completion);
  /// Cuts off what belongs to padding. Where that takes copies they are complete on return.
  void cut(const BatchPlan::Chunk& chunk, TensorList& outputs, InferResult& result);
  void require_batch(const Tensor& output, const BatchPlan::Chunk& chunk, std::size_t index) const;
  void join(const BatchPlan::Chunk& chunk, const TensorList& parts, InferResult& result);

  EngineState& engine_;
  const std::span<const TensorView> inputs_;
  const RunContext& context_;
  const Runner runner_;
  MemoryResource& memory_;
  const bool has_batch_;  ///< The options say something of the batch.
  const SmallVector<bool, 4> is_batched_;
  const BatchPlan plan_;
  const DimensionPlan dimensions_;
};

}  // namespace replayrt::detail
