#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "replayrt/core/graph_cache.hpp"
#include "replayrt/core/infer.hpp"
#include "replayrt/load_engine.hpp"
#include "replayrt/models/image.hpp"
#include "replayrt/models/model_package.hpp"
#include "replayrt/models/pre_processing.hpp"
#include "replayrt/models/predict_options.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt {

struct AutoModelOptions {
  std::string backend = "auto";  ///< "auto", "openvino" (weights.onnx), "tensorrt" (engine.plan)
  std::string device = "auto";   ///< "auto", "cpu", "cuda", "cuda:N"
  /// Where captured graphs live, for this model and any others that were given the same one. Null:
  /// `establish_trt_cuda_graph_cache` decides by the backend's environment variable.
  std::shared_ptr<GraphCache> cuda_graph_cache{};
  std::int64_t default_trt_cuda_graph_cache_size = 8;  ///< Capacity of the cache that it makes.
  Precision precision = Precision::kF32;
  std::int64_t inference_threads = 0;  ///< As in LoadOptions.
  TensorRtOptions tensorrt{};
  /// Replaces what the package recommends.
  std::optional<RecommendedParameters> recommended_parameters{};
  /// RF-DETR: packages with a larger input are refused (kModelPackageRestricted).
  std::optional<ImageSize> rf_detr_max_input_resolution{};
  /// Makes conversion to f32, layout, scaling and normalisation part of the network, where backend
  /// and package allow: the network then takes u8 and every image is written once.
  bool fuse_pre_processing = true;
  /// Gives the reference's answer where ReplayRT deliberately gives another one
  /// (docs/reference-differences.md).
  bool reference_compatible = false;
  /// False: `from_pretrained` refuses every path (kDirectLocalStorageAccess), for services that are
  /// handed names by strangers.
  bool allow_direct_local_storage_loading = true;
};

namespace detail {
class ModelState;
}

/// A loaded model package. Copies share everything. Immutable and thread-safe: any number of
/// threads may call it, and models that share a cache may run at once.
///
/// All members throw Error: kModelInput (an image that is none, no images; names its position),
/// kInvalidParameter (an option that is out of range, or that this task does not have),
/// kModelRuntime and kOutOfMemory from the backend, kCorruptedModel if the network's outputs turn
/// out not to be the family's.
class Model {
 public:
  [[nodiscard]] const ModelPackage& package() const noexcept;
  [[nodiscard]] Task task() const noexcept;
  /// By class id, the package's removals done.
  [[nodiscard]] const std::vector<std::string>& class_names() const noexcept;
  /// Names and skeletons of key points by class id, the package's removals done; empty for packages
  /// without keypoints_metadata.json.
  [[nodiscard]] const std::vector<KeyPointsOfClass>& key_points() const noexcept;
  [[nodiscard]] const Engine& engine() const noexcept;
  /// Null: every run is eager.
  [[nodiscard]] const std::shared_ptr<GraphCache>& graph_cache() const noexcept;
  /// Whether the network does part of the pre-processing.
  [[nodiscard]] bool fuses_pre_processing() const noexcept;

  // The three stages, and all at once.

  [[nodiscard]] PreProcessedImages pre_process(std::span<const ImageView> images,
                                               const PredictOptions& options = {}) const;
  /// The network's outputs; how the call was served is part of it.
  [[nodiscard]] InferResult forward(const PreProcessedImages& batch,
                                    const PredictOptions& options = {}) const;
  /// One prediction per image, in their order.
  [[nodiscard]] std::vector<Prediction> post_process(
      const InferResult& outputs, std::span<const PreProcessingMetadata> metadata,
      const PredictOptions& options = {}) const;

  [[nodiscard]] std::vector<Prediction> predict(std::span<const ImageView> images,
                                                const PredictOptions& options = {}) const;
  [[nodiscard]] Prediction predict(const ImageView& image,
                                   const PredictOptions& options = {}) const;

 private:
  friend class AutoModel;
  explicit Model(std::shared_ptr<const detail::ModelState> state) : state_(std::move(state)) {}
  std::shared_ptr<const detail::ModelState> state_;
};

/// The seed's way to a model.
class AutoModel {
 public:
  /// Loads the package in the folder `path`. Throws Error with the code of the package's first
  /// problem (`read_model_package`); kModelImplementationNotFound if architecture, task and backend
  /// make no family that ReplayRT has, or none of the weights fits `backend` and `device`: the
  /// message lists what was found; and as `load_engine` does. Nothing is kept of a package that is
  /// refused. Thread-safe.
  static Model from_pretrained(const std::filesystem::path& path,
                               const AutoModelOptions& options = {});
};

/// One architecture for one task, and what a package of it may hold.
struct FamilyInfo {
  struct Weights {
    std::string backend;  ///< As `list_backends` names it.
    std::string file;     ///< What it loads of a package.
  };
  std::string architecture;  ///< `model_architecture` of model_config.json.
  Task task = Task::kObjectDetection;
  std::vector<Weights> weights{};
  /// What `post_processing.type` of inference_config.json must be; null: it is not looked at.
  std::optional<PostProcessing::Type> post_processing{};
  /// Whether `post_processing.fused` may be true: the network has done it already.
  bool may_be_fused = false;
  std::vector<std::string> features{};  ///< `model_features` that are known.
  std::string tested_against;           ///< Whose answers its own were compared with.
};

/// Every family that `AutoModel` runs, in the order of docs/families.md. Thread-safe.
std::vector<FamilyInfo> list_families();

}  // namespace replayrt
