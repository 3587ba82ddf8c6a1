#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/openvino/capture_rules.hpp"
#include "backends/openvino/compiled_model_pool.hpp"
#include "backends/openvino/engine_context.hpp"
#include "replayrt/load_engine.hpp"

namespace replayrt::openvino {

/// A model on the CPU. Eager execution is one dynamic-shape compilation; a captured graph is the
/// model reshaped to one signature and compiled for it. Immutable after construction and
/// thread-safe.
class OpenVinoEngine final : public EngineBackend {
 public:
  OpenVinoEngine(const std::filesystem::path& path, const LoadOptions& options);

  [[nodiscard]] std::string_view name() const noexcept override { return "openvino"; }
  [[nodiscard]] Device device() const noexcept override { return {}; }
  [[nodiscard]] const std::vector<TensorSpec>& inputs() const noexcept override {
    return context_->inputs;
  }
  [[nodiscard]] const std::vector<TensorSpec>& outputs() const noexcept override {
    return context_->outputs;
  }
  [[nodiscard]] std::size_t max_eager_executors() const noexcept override { return streams_; }
  std::unique_ptr<Executor> make_eager() override;
  std::unique_ptr<Executor> capture(const InputSignature& signature) override;
  std::unique_ptr<Executor> capture_and_run(const InputSignature& signature,
                                            std::span<const TensorView> inputs,
                                            const RunContext& context, TensorList& outputs,
                                            RunReport& report) override;
  /// As the compilation for eager execution: OpenVINO does the same work for a fixed shape.
  [[nodiscard]] CaptureEstimate estimate(const InputSignature& signature) const noexcept override;
  /// pays_back: here a capture costs as much as hundreds of runs may save.
  [[nodiscard]] Admission preferred_admission() const noexcept override;
  MemoryResource& memory() noexcept override { return memory_; }
  /// Of the model's file, and of the weights beside an .xml. Files beside an .onnx (its external
  /// data) are not looked at.
  [[nodiscard]] std::string content_hash() const override { return context_->content->hash(); }

  /// For tests: how often the model has been compiled for eager execution.
  [[nodiscard]] std::size_t eager_compilations() const { return compiled_->size(); }

 private:
  /// `first_run` runs the new graph once, so that everything OpenVINO makes on first use is there
  /// when its bytes are counted.
  template <class FirstRun>
  std::unique_ptr<Executor> capture(const InputSignature& signature, FirstRun first_run);
  [[nodiscard]] std::shared_ptr<ov::Model> reshaped(const InputSignature& signature) const;

  const std::shared_ptr<EngineContext> context_;
  std::size_t streams_ = 1;
  bool is_static_ = false;
  CaptureEstimate compilation_{};   ///< Measured at load.
  std::optional<Refusal> refusal_;  ///< What no signature can change, found once at load.
  std::unique_ptr<CompiledModelPool> compiled_;
  HostMemory memory_;
};

}  // namespace replayrt::openvino
