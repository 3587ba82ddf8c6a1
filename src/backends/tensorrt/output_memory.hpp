#pragma once

#include <exception>
#include <memory>
#include <optional>

#include "backends/tensorrt/engine_context.hpp"
#include "backends/tensorrt/run_support.hpp"

namespace replayrt::tensorrt {

/// The memory of one output of an eager run: what it is written to, and the result that it becomes.
/// An output whose shape depends on the values of the inputs gets its memory during the enqueue.
class OutputMemory final : public OutputAllocator {
 public:
  OutputMemory(EngineContext& engine, std::size_t index) noexcept
      : engine_(&engine), index_(index) {}

  /// Before a run. `shape` is null if only the run tells; `stream` will write the output.
  /// Gives the address for TensorRT, null if it is to ask for one.
  void* begin(const std::optional<Shape>& shape, bool on_device, const RunContext& run,
              cudaStream_t stream);

  /// After the enqueue: the result. Lets `stream` copy it to the host if that is where it is
  /// wanted. Throws what `allocate` met, and Error(kModelRuntime) if TensorRT has told no shape.
  Tensor end(RunBlocks& blocks, std::size_t& bytes_copied);

  /// Throws what `allocate` met; the enqueue has failed then.
  void rethrow_failure() const;

  /// After a run, whatever became of it.
  void forget() noexcept {
    written_ = BlockRef();
    failure_ = nullptr;
  }

  void* allocate(const char* name, std::uint64_t bytes) noexcept override;
  void notifyShape(char const* name, Dims const& dims) noexcept override;

 private:
  [[nodiscard]] BlockRef device_block(std::size_t bytes) const;

  EngineContext* engine_;
  std::size_t index_;

  // Of the run under way.
  BlockRef written_;
  std::optional<Shape> shape_;
  bool on_device_ = false;
  const RunContext* run_ = nullptr;
  cudaStream_t stream_ = nullptr;
  std::exception_ptr failure_;
};

}  // namespace replayrt::tensorrt
