#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/content/content_hash.hpp"
#include "backends/tensorrt/engine_context.hpp"
#include "backends/tensorrt/engine_memory.hpp"
#include "replayrt/load_engine.hpp"

namespace replayrt::tensorrt {

/// A TensorRT plan on one CUDA device. A captured graph is a CUDA graph over an execution context
/// of its own. Immutable after construction and thread-safe.
class TensorRtEngine final : public EngineBackend {
 public:
  /// `plan` is what TensorRT's builder made; it is not needed afterwards. `file` names it in
  /// messages. Throws Error: kMissingDependency (driver, library), kInvalidParameter or
  /// kUnsupported (an option), kCorruptedModel with TensorRT's messages (not a plan, truncated, of
  /// another version or GPU), kOutOfMemory.
  TensorRtEngine(std::span<const std::byte> plan, const std::string& file,
                 const LoadOptions& options);
  /// Of a file, which `content_hash` reads again: a plan takes seconds to hash, which most programs
  /// need not spend.
  TensorRtEngine(const std::filesystem::path& file, const LoadOptions& options);

  [[nodiscard]] std::string_view name() const noexcept override { return "tensorrt"; }
  [[nodiscard]] Device device() const noexcept override {
    return {DeviceType::kCuda, context_->device};
  }
  [[nodiscard]] const std::vector<TensorSpec>& inputs() const noexcept override {
    return context_->specs.inputs.specs;
  }
  [[nodiscard]] const std::vector<TensorSpec>& outputs() const noexcept override {
    return context_->specs.outputs.specs;
  }
  /// As many as the arena has slots, but one where contexts cannot share an optimization profile.
  [[nodiscard]] std::size_t max_eager_executors() const noexcept override;
  /// Memory of the device at addresses that TensorRT takes.
  [[nodiscard]] bool can_bind(std::size_t input, const TensorView& view) const noexcept override;
  std::unique_ptr<Executor> make_eager() override;
  std::unique_ptr<Executor> capture(const InputSignature& signature) override;
  /// The activation memory of all slots.
  [[nodiscard]] std::size_t shared_bytes() const noexcept override;
  MemoryResource& memory() noexcept override { return memory_; }
  /// Of the plan alone: no option changes what it computes. One that was loaded from memory is
  /// hashed at load, as it may be gone afterwards.
  [[nodiscard]] std::string content_hash() const override;

  /// The activation memory that its runs share; lives as long as the engine.
  [[nodiscard]] const cuda::ActivationArena& arena() const noexcept { return *context_->arena; }

 private:
  const std::unique_ptr<const content::FileContent> content_;  ///< Null if loaded from memory.
  const std::shared_ptr<EngineContext> context_;
  const std::string hash_;  ///< Of a plan in memory; else empty.
  EngineMemory memory_;
};

}  // namespace replayrt::tensorrt
