#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "backends/cuda/activation_arena.hpp"
#include "backends/tensorrt/engine_context.hpp"
#include "backends/tensorrt/execution_context.hpp"
#include "backends/tensorrt/output_memory.hpp"

namespace replayrt::tensorrt {

/// The seats of eager executors count as one group: each lies on a slot of its own where there are
/// enough.
inline constexpr std::uint64_t kEagerGroup = 0;

/// Runs any shape in range: one execution context on one slot of the arena. The caller's device
/// memory is read in place where its alignment allows it; host memory goes through pinned blocks.
class EagerExecutor final : public Executor {
 public:
  /// The engine's device must be current.
  explicit EagerExecutor(std::shared_ptr<EngineContext> engine);

  RunReport run(std::span<const TensorView> inputs, const RunContext& run,
                TensorList& outputs) override;
  /// The activation memory is the engine's.
  [[nodiscard]] std::size_t bytes() const noexcept override { return 0; }

 private:
  /// What the host wrote the inputs to; null for an input on the device.
  using Staged = SmallVector<const void*, 4>;

  [[nodiscard]] Staged stage(std::span<const TensorView> inputs, RunBlocks& blocks) const;
  void prepare(const InputSignature& signature, cudaStream_t stream);
  void bind_inputs(std::span<const TensorView> inputs, const Staged& staged, RunBlocks& blocks,
                   cudaStream_t stream, RunReport& report);
  void bind_outputs(bool on_device, const RunContext& run, cudaStream_t stream);
  void enqueue(cudaStream_t stream);

  const std::shared_ptr<EngineContext> engine_;
  const cuda::ActivationArena::Seat seat_;
  const std::vector<cuda::Stream> auxiliary_;
  std::deque<OutputMemory> outputs_;  ///< Before the context, which knows their addresses.
  /// Made by the first run, which knows the profile that it needs.
  std::optional<ExecutionContext> context_;
  PendingRun pending_;
};

}  // namespace replayrt::tensorrt
