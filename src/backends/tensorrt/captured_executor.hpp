#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "backends/cuda/activation_arena.hpp"
#include "backends/cuda/copy_node.hpp"
#include "backends/tensorrt/engine_context.hpp"
#include "backends/tensorrt/execution_context.hpp"
#include "backends/tensorrt/run_support.hpp"

namespace replayrt::tensorrt {

/// A CUDA graph of one run on one input signature. It belongs to a slot of the arena, in whose
/// activation memory it works and on whose stream it is launched. The tensors that it reads and
/// writes are its own, so that the caller's addresses need not stay the same, but for inputs whose
/// signature has an address: those are read there. All copies are part of the graph: of inputs on
/// the device, and of outputs, from and to addresses that are set before a launch; of inputs from
/// the host, from pinned memory that the host fills.
class CapturedExecutor final : public Executor {
 public:
  /// Captures. The engine's device must be current and its capture gate held by the caller. Throws
  /// CaptureRefused, or Error.
  CapturedExecutor(std::shared_ptr<EngineContext> engine, const InputSignature& signature);

  RunReport run(std::span<const TensorView> inputs, const RunContext& run,
                TensorList& outputs) override;
  /// All runs of a graph follow each other in the stream of its slot; but the host must not write
  /// the pinned memory that feeds one before that has been read.
  [[nodiscard]] bool runs_in_order() const noexcept override { return pinned_bytes_ == 0; }
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
    /// From the caller's input, or to the result: set before each launch.
    std::optional<cuda::CopyNode> copy{};
  };

  /// Memory in place of the caller's while there is no call: what the warm-up reads, and the
  /// addresses of copies before their first launch.
  struct StandIns {
    BlockRef device;
    BlockRef pinned;
    [[nodiscard]] void* on_device() const noexcept {
      return device ? device.get()->data() : nullptr;
    }
    [[nodiscard]] void* on_host() const noexcept { return pinned ? pinned.get()->data() : nullptr; }
  };

  void make_tensors(const InputSignature& signature);
  /// Room for any of the inputs that are read in place; 0 if there are none.
  [[nodiscard]] std::size_t in_place_bytes() const noexcept;
  [[nodiscard]] StandIns make_stand_ins() const;
  /// Makes the context read those inputs at `stand_in`; null: at the caller's addresses.
  void set_in_place(const void* stand_in);
  void warm_up(void* stand_in);
  void record(const StandIns& stand_ins);
  void feed(std::span<const TensorView> inputs);
  std::shared_ptr<const cuda::Fence> launch(std::span<const TensorView> inputs,
                                            const RunContext& run, cudaStream_t stream,
                                            TensorList& outputs, RunReport& report);
  /// Lets the next launch copy from `from` to the port's tensor. Where the graph cannot copy from
  /// there, `stream` copies it to a block before.
  void copy_from(Port& port, const void* from, RunBlocks& blocks, cudaStream_t stream,
                 RunReport& report);
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
  cuda::Graph recorded_;  ///< Its nodes are those of the copies.
  cuda::GraphExec graph_;
  /// Of a run that the host has not waited for: the next one must not change the pinned memory
  /// before.
  PendingRun pending_;
};

}  // namespace replayrt::tensorrt
