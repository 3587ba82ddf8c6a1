#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "models/postprocess/decode.hpp"
#include "models/postprocess/masks.hpp"
#include "models/preprocess/pre_processor.hpp"
#include "replayrt/models/model_package.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::models {

/// What a family's decoder is given for a call.
struct DecodeInput {
  std::span<const HeadOutput> outputs;  ///< In the order of the family's `outputs`.
  DetectionSettings settings;
  MaskSettings masks{};
  bool fused = false;  ///< The network has done NMS, softmax or sigmoid itself.
  const ClassMap* classes = nullptr;
  const ModelPackage* package = nullptr;  ///< What its own files say to the family.
  /// By class id, of the classes that remain.
  std::span<const KeyPointsOfClass> key_points{};
};

/// The prediction for one image.
using Decode = Prediction (*)(const DecodeInput& input, std::size_t image,
                              const PreProcessingMetadata& metadata);

/// The keyword arguments that mean something to a family.
struct Parameters {
  bool confidence = false;
  bool nms = false;  ///< iou_threshold and class_agnostic_nms, unless the network has done NMS.
  bool max_detections = false;
  bool masks = false;      ///< masks_resolution_factor.
  bool smoothing = false;  ///< masks_smoothing_enabled and masks_binarization_threshold.
  bool key_points_threshold = false;
  /// What a caller is told who gives a confidence that means nothing.
  std::string_view instead_of_confidence = "the most likely class is always given";
};

/// What a family makes of `post_processing.fused`.
enum class Fused : std::uint8_t {
  kIgnored,  ///< Its networks are always the same.
  kObeyed,   ///< There are both kinds.
  kRefused,  ///< It has no networks that do it themselves.
};

/// Which files say how a family's networks are used.
enum class PackageFormat : std::uint8_t {
  kRoboflow,  ///< weights.onnx, inference_config.json, class_names.txt.
  kPaddle,    ///< inference.onnx and inference.yml, as PaddleOCR exports them.
};

/// "Nothing" and the space, which no list of characters has.
inline constexpr std::int64_t kClassesBesideCharacters = 2;

/// An axis of an output that is as long as there are classes, and `others` more.
struct ClassAxis {
  std::size_t output = 0;
  std::size_t axis = 0;
  std::int64_t others = 0;
  bool background_may_lack = false;  ///< It may be one shorter: without the class "background".
  /// An output (images, prototypes, rows, columns): there are as many more.
  std::optional<std::size_t> prototypes{};
  std::int64_t per_key_point = 0;  ///< So many others for each place of a key point.
};

/// One architecture for one task: all that AutoModel knows of it. Values, made at start-up.
struct Family {
  std::string_view architecture;
  Task task = Task::kObjectDetection;
  PackageFormat format = PackageFormat::kRoboflow;
  Decode decode = nullptr;
  /// What stands for "fit-longer-edge", which no network of a fixed size can take.
  ResizeMode instead_of_fit_longer_edge = ResizeMode::kLetterbox;
  std::int64_t padding_instead = 127;
  Resampling resampling = Resampling::kOpenCv;
  std::optional<PostProcessing::Type> post_processing{};  ///< What the package must say.
  Fused fused = Fused::kIgnored;
  /// Boxes are parts of the network's input: a network of a fixed size decides on the size,
  /// whatever the package says. Such families are what `rf_detr_max_input_resolution` limits.
  bool boxes_are_relative = false;
  bool removes_classes = false;  ///< `class_names_operations` count.
  /// Where the number of classes shows in an output's shape, unless the network has selected.
  std::optional<ClassAxis> class_axis{};
  Parameters parameters{};
  double default_confidence = 0.4;
  double default_key_points_threshold = 0;
  std::int64_t default_max_detections = 300;  ///< Not of networks that have selected themselves.
  bool masks_are_smooth = false;  ///< Masks become probabilities, unless the caller wants logits.
  std::size_t output_count = 1;
  /// Which of a network's outputs they are, where it has others; empty: it has only these.
  std::vector<std::size_t> outputs_used{};
  /// One that is the same for all pictures: its first axis is not that of the images. The network
  /// runs one picture at a time.
  std::optional<std::size_t> output_without_images{};
  /// Names of the outputs; empty: they are told by their order.
  std::vector<std::string_view> output_names{};
  std::vector<std::string_view> features{};  ///< `model_features` that packages may have.
  std::string_view tested_against;           ///< For docs/families.md.
};

inline constexpr double kDefaultIouThreshold = 0.3;
inline constexpr std::int64_t kNoMaxDetections = std::numeric_limits<std::int64_t>::max();

// One function per file of this folder.
std::vector<Family> yolov5_families();
std::vector<Family> yolov7_families();
std::vector<Family> yolov8_families();
std::vector<Family> yolov9_families();
std::vector<Family> yolov10_families();
std::vector<Family> yolov11_families();
std::vector<Family> yolov12_families();
std::vector<Family> yolo26_families();
std::vector<Family> yolonas_families();
std::vector<Family> deep_lab_v3_plus_families();
std::vector<Family> yolact_families();
std::vector<Family> rfdetr_families();
std::vector<Family> resnet_families();
std::vector<Family> vit_families();
std::vector<Family> pp_ocrv6_det_families();
std::vector<Family> pp_ocrv6_rec_families();

/// Every family, in the order of the documentation.
const std::vector<Family>& all_families();

/// The family of that name and task; null if there is none.
const Family* find_family(std::string_view architecture, std::string_view task);

/// What is wrong with using `package` as a `family`: post-processing, features, resize mode. A
/// missing or unknown family is a problem, too (kModelImplementationNotFound), which lists what
/// there is.
std::vector<PackageProblem> family_problems(const ModelPackage& package);

/// The package's network input with what the family puts in the place of "fit-longer-edge".
NetworkInput network_input_for(const ModelPackage& package, const Family& family);

}  // namespace replayrt::models
