#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/families/family.hpp"
#include "replayrt/auto_model.hpp"

namespace replayrt::detail {

/// What copies of a Model share. Immutable once made.
class ModelState {
 public:
  /// `engine` runs what `package` describes; `network` is its input as the family wants it, `fused`
  /// whether the engine does the last steps of pre-processing. Throws Error(kCorruptedModel) if the
  /// engine's inputs or outputs are not the family's.
  ModelState(ModelPackage package, const models::Family& family, NetworkInput network, bool fused,
             Engine engine, std::shared_ptr<GraphCache> cache, const AutoModelOptions& options);

  [[nodiscard]] const ModelPackage& package() const noexcept { return package_; }
  [[nodiscard]] const models::Family& family() const noexcept { return family_; }
  [[nodiscard]] const std::vector<std::string>& class_names() const noexcept {
    return class_names_;
  }
  [[nodiscard]] const std::vector<KeyPointsOfClass>& key_points() const noexcept {
    return key_points_;
  }
  [[nodiscard]] const Engine& engine() const noexcept { return engine_; }
  [[nodiscard]] const std::shared_ptr<GraphCache>& cache() const noexcept { return cache_; }
  [[nodiscard]] bool fused() const noexcept { return fused_; }

  /// Throws Error(kInvalidParameter) that names the option unless all are in range and mean
  /// something to this model.
  void require_applicable(const PredictOptions& options) const;

  [[nodiscard]] PreProcessedImages pre_process(std::span<const ImageView> images,
                                               const PredictOptions& options) const;
  [[nodiscard]] InferResult forward(const PreProcessedImages& batch,
                                    const PredictOptions& options) const;
  [[nodiscard]] std::vector<Prediction> post_process(
      const InferResult& outputs, std::span<const PreProcessingMetadata> metadata,
      const PredictOptions& options) const;
  /// All three. Pages of text run one by one, as each has a size of its own, and so do pictures
  /// whose network gives something that is the same for all of them; lines of text as many
  /// at once as the batch limits allow, so that only their outputs are there at a time.
  [[nodiscard]] std::vector<Prediction> predict(std::span<const ImageView> images,
                                                const PredictOptions& options) const;

 private:
  [[nodiscard]] std::vector<Prediction> predict_one_by_one(std::span<const ImageView> images,
                                                           const PredictOptions& options) const;
  [[nodiscard]] std::vector<Prediction> predict_lines(const PreProcessedImages& batch,
                                                      const PredictOptions& options) const;
  /// The batch in the dtype of the network.
  [[nodiscard]] Tensor network_input(const PreProcessedImages& batch) const;
  [[nodiscard]] InferResult run(const TensorView& images, const PredictOptions& options) const;
  void remove_classes();
  void check_inputs() const;
  void find_outputs();
  void check_class_count() const;
  [[nodiscard]] bool network_has_selected() const;
  [[nodiscard]] models::DetectionSettings settings_for(const PredictOptions& options) const;
  [[nodiscard]] models::MaskSettings mask_settings_for(const PredictOptions& options) const;

  const ModelPackage package_;
  const models::Family& family_;
  const bool fused_;
  const Engine engine_;
  const std::shared_ptr<GraphCache> cache_;
  const bool reference_compatible_;
  const RecommendedParameters recommended_;
  const models::PreProcessor pre_processor_;
  std::optional<BatchLimits> batch_limits_;
  std::vector<std::string> class_names_;
  std::vector<KeyPointsOfClass> key_points_;  ///< Of the classes that remain.
  models::ClassMap classes_;                  ///< From the network's classes to those that remain.
  std::vector<std::size_t> outputs_;          ///< Where the engine has the family's outputs.
};

}  // namespace replayrt::detail
