#pragma once

#include <memory>
#include <vector>

#include "backends/cuda/activation_arena.hpp"
#include "backends/tensorrt/engine_context.hpp"
#include "backends/tensorrt/execution_context.hpp"
#include "backends/tensorrt/run_support.hpp"

namespace replayrt::tensorrt {

/// A CUDA graph of one run on one input signature. It belongs to a slot of the arena, in whose
/// activation memory it works and on whose stream it is launched. The tensors that it reads and
/// writes are its own, so that the caller's addresses need not stay the same, but for inputs whose
/// signature has an address: those are read there. Inputs from the host are copied to pinned memory
/// by the host and from there to the device by the graph.
class CapturedExecutor final : public Executor {
 public:
  /// Captures. The engine's device must be current and its capture gate held by the caller. Throws
  /// CaptureRefused, or Error.
  CapturedExecutor(std::shared_ptr<EngineContext> engine, const InputSignature& signature);

  RunReport run(std::span<const TensorView> inputs, const RunContext& run,
                TensorList& outputs) override;
  /// Device memory of its tensors, and the pinned memory that feeds them.
  [[nodiscard]] std::size_t bytes() const noexcept override {
    return device_bytes_ + pinned_bytes_;
  }

 private:
  /// A tensor of the graph: a part of `device_memory_`, or the caller's; fed from the host, a part
  /// of `pinned_memory_` too.
  struct Port {
    Port(DType type, const Shape& extents);

    DType dtype;
    Shape shape;
    std::size_t bytes;
    std::size_t room;  ///< `bytes`, at least 1, rounded up to the alignment.
    void* device = nullptr;
    void* pinned = nullptr;
    const void* in_place = nullptr;  ///< The caller's address; then `device` is null.
    const void* checked = nullptr;   ///< The caller's address that was last found to be right.
  };

  void make_tensors(const InputSignature& signature);
  /// Room for any of the inputs that are read in place; 0 if there are none.
  [[nodiscard]] std::size_t stand_in_bytes() const noexcept;
  /// Makes the context read those inputs at `stand_in`; null: at the caller's addresses.
  void set_in_place(const void* stand_in);
  void warm_up(void* stand_in);
  void record();
  void feed(std::span<const TensorView> inputs);
  std::shared_ptr<const cuda::Fence> launch(std::span<const TensorView> inputs,
                                            const RunContext& run, cudaStream_t stream,
                                            TensorList& outputs, RunReport& report);
  void require_signature(std::span<const TensorView> inputs) const;

  const std::shared_ptr<EngineContext> engine_;
  const cuda::ActivationArena::Seat seat_;
  const bool gives_device_memory_;
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
  std::size_t device_bytes_ = 0;
  std::size_t pinned_bytes_ = 0;
  cuda::DeviceMemory device_memory_;
  cuda::PinnedMemory pinned_memory_;
  std::unique_ptr<ExecutionContext> context_;
  cuda::GraphExec graph_;
  /// Of a run that the host has not waited for: the next one must not change the pinned memory
  /// before.
  PendingRun pending_;
};

}  // namespace replayrt::tensorrt
