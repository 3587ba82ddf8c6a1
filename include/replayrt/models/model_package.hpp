#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replayrt/core/error.hpp"
#include "replayrt/models/image.hpp"

namespace replayrt {

/// What a model does. The text of each is the reference's `task_type`.
enum class Task : std::uint8_t {
  kObjectDetection,           ///< "object-detection"
  kInstanceSegmentation,      ///< "instance-segmentation"
  kKeyPointDetection,         ///< "keypoint-detection"
  kSemanticSegmentation,      ///< "semantic-segmentation"
  kClassification,            ///< "classification"
  kMultiLabelClassification,  ///< "multi-label-classification"
  kDepthEstimation,           ///< "depth-estimation"
  kTextOnlyOcr,               ///< "text-only-ocr"
};

std::string_view to_string(Task task) noexcept;
/// The inverse; nullopt for any other text.
std::optional<Task> task_from_string(std::string_view text) noexcept;

/// How an image is brought to the size that the network takes.
enum class ResizeMode : std::uint8_t {
  kStretch,                ///< "stretch": both sides as they are wanted.
  kLetterbox,              ///< "letterbox": ratio kept, the rest filled with `padding_value`.
  kCenterCrop,             ///< "center-crop": no scaling; cut or filled with 0 around the middle.
  kFitLongerEdge,          ///< "fit-longer-edge": ratio kept, nothing filled.
  kLetterboxReflectEdges,  ///< "letterbox-reflect-edges": ratio kept, the picture mirrored around.
};
std::string_view to_string(ResizeMode mode) noexcept;

enum class ContrastType : std::uint8_t {
  kAdaptiveEqualization,   ///< "Adaptive Equalization"
  kContrastStretching,     ///< "Contrast Stretching"
  kHistogramEqualization,  ///< "Histogram Equalization"
};
std::string_view to_string(ContrastType type) noexcept;

/// `image_pre_processing` of inference_config.json, what is disabled left out.
struct ImagePreProcessing {
  /// In percent of the image's width and height.
  struct StaticCrop {
    std::int64_t x_min = 0;
    std::int64_t x_max = 100;
    std::int64_t y_min = 0;
    std::int64_t y_max = 100;
  };
  bool auto_orient = false;
  std::optional<StaticCrop> static_crop{};
  std::optional<ContrastType> contrast{};
  bool grayscale = false;
};

/// Which sizes other than the training size the network takes.
struct DynamicSpatialSize {
  bool supported = false;
  /// Sides are rounded up to a multiple of it; 1: any size; 0: the package does not say.
  std::int64_t divisor = 0;
};

/// `network_input` of inference_config.json.
struct NetworkInput {
  /// (0, 0): the size of the image; only packages that take any size may leave it out.
  ImageSize training_input_size{};
  std::optional<ImageSize> dataset_version_resize_dimensions{};
  DynamicSpatialSize dynamic_spatial_size{};
  ColorFormat color_mode = ColorFormat::kRgb;
  ResizeMode resize_mode = ResizeMode::kStretch;
  std::int64_t padding_value = 0;
  std::int64_t input_channels = 3;
  std::optional<double> scaling_factor{};  ///< Values are divided by it.
  /// Values are multiplied by it, in place of `scaling_factor`: the word of inference.yml.
  std::optional<double> multiplier{};
  /// Means and standard deviations, one per channel in the network's order, of the scaled values.
  std::optional<std::pair<std::vector<double>, std::vector<double>>> normalization{};
};

/// `post_processing` of inference_config.json.
struct PostProcessing {
  enum class Type : std::uint8_t { kNms, kSoftmax, kSigmoid };
  struct NmsParameters {
    std::int64_t max_detections = 0;
    double confidence_threshold = 0;
    double iou_threshold = 0;
    bool class_agnostic = false;
  };
  Type type = Type::kNms;
  bool fused = false;  ///< The network itself has done it already.
  std::optional<NmsParameters> nms_parameters{};
};
std::string_view to_string(PostProcessing::Type type) noexcept;

/// inference_config.json.
struct InferenceConfig {
  ImagePreProcessing image_pre_processing{};
  NetworkInput network_input{};
  std::optional<std::int64_t> static_batch_size{};       ///< `forward_pass`
  std::optional<std::int64_t> max_dynamic_batch_size{};  ///< `forward_pass`
  std::optional<PostProcessing> post_processing{};
  std::vector<std::string> removed_class_names{};  ///< `class_names_operations`
};

/// inference.yml of a text detector (DBNet), beside what is in NetworkInput.
struct TextDetectionConfig {
  /// Which side of a picture `limit_side_len` is the limit of.
  enum class LimitType : std::uint8_t {
    kMin,      ///< "min": the shorter one is enlarged to it.
    kMax,      ///< "max": the longer one is reduced to it.
    kExactly,  ///< Anything else: the longer one becomes it.
  };
  std::int64_t limit_side_len = 736;  ///< Pixels.
  LimitType limit_type = LimitType::kMin;
  double thresh = 0.3;      ///< A pixel is text if its probability is above it.
  double box_thresh = 0.6;  ///< The least mean probability of a region.
  double unclip_ratio = 1.5;
  std::int64_t max_candidates = 1000;  ///< Regions that are looked at.
  /// Pixels of text grow by one to the right and below before regions are found.
  bool use_dilation = false;
};

/// inference.yml of a text recogniser.
struct TextRecognitionConfig {
  /// Of a line as the network takes it; the width is the least one.
  ImageSize line_size{48, 320};
  /// In UTF-8. Class 0 of the network is "nothing", class k is character k - 1, the one after the
  /// last character a space.
  std::vector<std::string> characters{};
};

/// trt_config.json: the batch sizes that the plan was built for.
struct TrtConfig {
  std::optional<std::int64_t> static_batch_size{};
  std::optional<std::int64_t> dynamic_batch_size_min{};
  std::optional<std::int64_t> dynamic_batch_size_opt{};
  std::optional<std::int64_t> dynamic_batch_size_max{};
};

/// keypoints_metadata.json: what one class has.
struct KeyPointsOfClass {
  std::vector<std::string> names{};
  std::vector<std::pair<std::int64_t, std::int64_t>>
      edges{};  ///< Of the skeleton: positions in `names`.
};

/// Thresholds that an evaluation of the model recommends.
struct RecommendedParameters {
  std::optional<double> confidence{};
  std::map<std::string, double> per_class_confidence{};  ///< By class name.
};

/// model_config.json, as far as it concerns running the model.
struct ModelConfig {
  std::string model_architecture{};  ///< "yolov8", "rfdetr", …
  std::string task_type{};
  std::string backend_type{};  ///< "onnx", "trt", …
  std::string model_id{};
  std::vector<std::string> model_features{};  ///< Names only.
  RecommendedParameters recommended_parameters{};
};

/// Something that is wrong with a package.
struct PackageProblem {
  enum class Severity : std::uint8_t {
    kWarning,  ///< The package runs; the user should know.
    kError,    ///< The package is refused, with `code`.
  };
  Severity severity = Severity::kError;
  ErrorCode code = ErrorCode::kCorruptedModel;
  std::string file{};  ///< Within the package, "inference_config.json"; empty: the package itself.
  std::string key{};   ///< "network_input.color_mode"; empty: the file as a whole.
  std::string message{};  ///< What was found, and what was expected.

  /// "inference_config.json: network_input.color_mode: expected …"
  [[nodiscard]] std::string text() const;
};

/// A model package: a folder with a model and how it is to be used, in the reference's format
/// (docs/package_format.md). What could not be read is left at its default and is a problem.
struct ModelPackage {
  std::filesystem::path folder{};
  ModelConfig model_config{};
  InferenceConfig inference_config{};
  std::vector<std::string> class_names{};
  /// Of semantic segmentation: which class is called "background", in any case; the first if there
  /// are several.
  std::optional<std::int64_t>
      background_class{};  ///< Position is class id; before `removed_class_names`.
  std::optional<TextDetectionConfig> text_detection{};      ///< inference.yml
  std::optional<TextRecognitionConfig> text_recognition{};  ///< inference.yml
  std::optional<TrtConfig> trt_config{};
  /// By class id, before `removed_class_names`; empty without the file.
  std::vector<KeyPointsOfClass> key_points{};
  bool has_manifest = false;  ///< local_trt_package_manifest.json is there.
  std::optional<std::filesystem::path> onnx_weights{};  ///< weights.onnx, inference.onnx
  std::optional<std::filesystem::path> trt_plan{};      ///< engine.plan
  std::vector<PackageProblem> problems{};  ///< In the order of the files and their keys.

  /// Whether no problem is an error.
  [[nodiscard]] bool usable() const noexcept;
};

/// Reads the package in `folder` and finds all that is wrong with it at once. Every file is read
/// whole and at most once, links out of the folder are refused, sizes and counts are bounded,
/// checksums of a manifest are verified; weights are not loaded. Throws Error(kFileAccess) only if
/// `folder` is no folder that can be read. Thread-safe.
ModelPackage read_model_package(const std::filesystem::path& folder);

/// Throws the first error among the package's problems: its code, and a message that names the
/// package, the file and the key, and how many more errors there are. Sends warnings to the log.
void require_usable(const ModelPackage& package);

}  // namespace replayrt
