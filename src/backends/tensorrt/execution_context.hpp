#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/cuda/activation_arena.hpp"
#include "backends/tensorrt/engine_context.hpp"

namespace replayrt::tensorrt {

/// One execution context of TensorRT: its profile, its activation memory and its streams. Not
/// thread-safe; the engine's device must be current for all but the destructor. Members throw
/// Error(kModelRuntime) that names the tensor and holds what TensorRT said.
class ExecutionContext {
 public:
  /// Works in `slot`'s memory and on `auxiliary` streams, which both outlive it; `slot`'s stream
  /// carries what the choice of a profile enqueues. Whoever makes it uses the slot meanwhile.
  ExecutionContext(std::shared_ptr<EngineContext> engine, ProfileBook::Hold profile,
                   const cuda::ActivationArena::Slot& slot,
                   std::span<const cuda::Stream> auxiliary);
  ExecutionContext(const ExecutionContext&) = delete;
  ExecutionContext& operator=(const ExecutionContext&) = delete;
  ~ExecutionContext();

  [[nodiscard]] const ProfileBook::Hold& profile() const noexcept { return profile_; }

  /// Changes the profile; all shapes must be set anew. `stream` is the one of the next enqueue.
  void change_profile(ProfileBook::Hold profile, cudaStream_t stream);

  void set_shapes(const InputSignature& signature);

  void set_input(std::size_t index, const void* data);
  void set_output(std::size_t index, void* data);
  /// Asks `allocator`, which outlives this object, for the memory of an output.
  void set_output_allocator(std::size_t index, OutputAllocator& allocator);

  /// Null if it depends on the values of the inputs. All shapes, and the addresses of the inputs
  /// whose values shapes depend on, must be set.
  [[nodiscard]] std::optional<Shape> output_shape(std::size_t index) const;

  /// Gives `stream` the work of one run. It reads and writes the memory that was set until it is
  /// complete.
  void enqueue(cudaStream_t stream);

  /// Changes the streams that the next enqueues use.
  void use_auxiliary(std::span<const cuda::Stream> streams);

 private:
  template <class Call>
  void require(Call call, const std::string& doing) const;
  [[nodiscard]] const char* input(std::size_t index) const;
  [[nodiscard]] const char* output(std::size_t index) const;

  const std::shared_ptr<EngineContext> engine_;
  ProfileBook::Hold profile_;
  std::vector<cudaStream_t> auxiliary_;
  Owned<nvinfer1::IExecutionContext> context_;
};

}  // namespace replayrt::tensorrt
