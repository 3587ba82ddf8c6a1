#include "replayrt/auto_model.hpp"

#include <algorithm>
#include <system_error>

#include "auto/backend_table.hpp"
#include "auto/model_state.hpp"
#include "models/package/weights.hpp"
#include "models/size_text.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt {
namespace {

namespace fs = std::filesystem;
using models::Family;

constexpr const char* kOpenVino = "openvino";
constexpr const char* kTensorRt = "tensorrt";

void require_folder(const fs::path& path, const AutoModelOptions& options) {
  if (!options.allow_direct_local_storage_loading) {
    throw Error(ErrorCode::kDirectLocalStorageAccess,
                "'" + path.string() +
                    "': loading from local storage is switched off "
                    "(allow_direct_local_storage_loading)");
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw Error(ErrorCode::kFileAccess, "'" + path.string() +
                                            "' does not exist: expected the folder of a model "
                                            "package; ReplayRT downloads none");
  }
  if (!fs::is_directory(status)) {
    throw Error(ErrorCode::kInvalidModelInitParameter,
                "'" + path.string() +
                    "' is a file: expected the folder of a model package; load_engine loads model "
                    "files");
  }
}

/// What of a package a backend loads.
struct Weights {
  std::string backend;
  fs::path file;
};

bool is_available(std::string_view backend) {
  const std::vector<BackendInfo> infos = list_backends();
  const auto found = std::ranges::find(infos, backend, &BackendInfo::name);
  return found != infos.end() && found->available;
}

[[noreturn]] void refuse_weights(const ModelPackage& package, const AutoModelOptions& options) {
  std::string found;
  const auto tell = [&](const std::optional<fs::path>& file, const char* backend) {
    if (file.has_value()) {
      found += (found.empty() ? "" : ", ") + file->filename().string() + " (backend " + backend +
               ", " + (is_available(backend) ? "available" : "not available here") + ")";
    }
  };
  tell(package.onnx_weights, kOpenVino);
  tell(package.trt_plan, kTensorRt);
  throw Error(ErrorCode::kModelImplementationNotFound,
              "package '" + package.folder.string() + "' has nothing for backend '" +
                  options.backend + "' on device '" + options.device + "': found " +
                  (found.empty() ? "no weights" : found));
}

Weights choose_weights(const ModelPackage& package, const AutoModelOptions& options) {
  const std::string& backend = options.backend;
  detail::named_backend(backend);  // Throws if there is none of this name.
  std::vector<Weights> fitting;
  const bool any_device = options.device == "auto";
  const bool cpu = any_device || Device::parse(options.device).type == DeviceType::kCpu;
  const bool cuda = any_device || !cpu;
  if (package.trt_plan.has_value() && cuda && backend != kOpenVino) {
    fitting.push_back({kTensorRt, *package.trt_plan});
  }
  if (package.onnx_weights.has_value() && cpu && backend != kTensorRt) {
    fitting.push_back({kOpenVino, *package.onnx_weights});
  }
  if (fitting.empty()) {
    refuse_weights(package, options);
  }
  // The plan first, as it was built for this machine; if it cannot run here, what can. A single
  // choice is left to load_engine, which says what is missing.
  const auto runnable = std::ranges::find_if(
      fitting, [](const Weights& weights) { return is_available(weights.backend); });
  return runnable != fitting.end() ? *runnable : fitting.front();
}

void require_resolution(ImageSize size, const Family& family, const AutoModelOptions& options) {
  const std::optional<ImageSize>& most = options.rf_detr_max_input_resolution;
  if (family.boxes_are_relative && most.has_value() &&
      (size.height > most->height || size.width > most->width)) {
    throw Error(ErrorCode::kModelPackageRestricted,
                "inference_config.json: network_input.training_input_size is " +
                    models::size_text(size) + ": rf_detr_max_input_resolution allows " +
                    models::size_text(*most));
  }
}

GraphEdits::ImageInput image_edit(const NetworkInput& network, const Family& family) {
  constexpr double kU8Max = 255;
  GraphEdits::ImageInput edit;
  edit.scale = network.multiplier ? 1 / *network.multiplier : network.scaling_factor.value_or(1);
  if (family.resampling == models::Resampling::kPillow) {
    // RF-DETR scales to [0, 1] first, whatever the package says, if it normalises.
    edit.scale = network.normalization ? kU8Max : network.scaling_factor.value_or(kU8Max);
  }
  if (network.normalization.has_value()) {
    edit.mean = network.normalization->first;
    edit.standard_deviation = network.normalization->second;
  }
  return edit;
}

LoadOptions load_options(const AutoModelOptions& options, const Weights& weights) {
  LoadOptions load;
  load.backend = weights.backend;
  load.device = options.device;
  load.precision = options.precision;
  load.inference_threads = options.inference_threads;
  load.tensorrt = options.tensorrt;
  return load;
}

struct TakenSides {
  DimensionRange height;
  DimensionRange width;
};

/// What the network takes; none if it is no batch of pictures, which is another check's.
std::optional<TakenSides> sides_taken(const Engine& engine, bool fused) {
  constexpr std::size_t kRank = 4;
  if (engine.inputs().size() != 1 || !engine.inputs()[0].dims.has_value() ||
      engine.inputs()[0].dims->size() != kRank) {
    return std::nullopt;
  }
  const std::vector<DimensionRange>& dims = *engine.inputs()[0].dims;
  return fused ? TakenSides{dims[1], dims[2]} : TakenSides{dims[2], dims[3]};
}

std::optional<ImageSize> fixed_size(const Engine& engine, bool fused) {
  const std::optional<TakenSides> sides = sides_taken(engine, fused);
  if (!sides.has_value() || sides->height.is_dynamic() || sides->width.is_dynamic()) {
    return std::nullopt;
  }
  return ImageSize{sides->height.min, sides->width.min};
}

/// Pictures of text have many sizes.
void require_text_sizes(const ModelPackage& package, const Engine& engine, bool fused) {
  const std::optional<TakenSides> sides = sides_taken(engine, fused);
  if (!sides.has_value()) {
    return;
  }
  const auto& [height, width] = *sides;
  const std::string network = "package '" + package.folder.string() + "': input '" +
                              engine.inputs().front().name + "' of the network has shape " +
                              engine.inputs().front().shape_text();
  if (width.is_dynamic() && (package.text_recognition.has_value() || height.is_dynamic())) {
    const std::int64_t wanted =
        package.text_recognition ? package.text_recognition->line_size.height : height.min;
    if (!height.is_dynamic() && height.min != wanted) {
      throw Error(ErrorCode::kCorruptedModel,
                  network + ", but RecResizeImg.image_shape of inference.yml says height " +
                      std::to_string(wanted));
    }
    return;
  }
  throw Error(ErrorCode::kCorruptedModel,
              network + ": expected one that takes any " +
                  (package.text_recognition ? "width" : "height and width"));
}

/// The weights count where they take one size only: outputs of RF-DETR are parts of it, so that it
/// may be put right; of the others they are pixels of the size they were trained with.
void align_size(const ModelPackage& package, const Family& family, const Engine& engine, bool fused,
                NetworkInput& network) {
  if (family.format == models::PackageFormat::kPaddle) {
    require_text_sizes(package, engine, fused);
    return;
  }
  const std::optional<ImageSize> taken = fixed_size(engine, fused);
  if (!taken.has_value() || network.training_input_size == *taken) {
    return;
  }
  const std::string message = "inference_config.json: network_input.training_input_size is " +
                              models::size_text(network.training_input_size) +
                              " (height x width), but the network takes " +
                              models::size_text(*taken);
  if (!family.boxes_are_relative) {
    throw Error(ErrorCode::kCorruptedModel,
                "package '" + package.folder.string() + "': " + message);
  }
  log(LogLevel::kWarning, package.folder.string() + ": " + message + ", which is used");
  network.training_input_size = *taken;
  network.dynamic_spatial_size = {};
}

}  // namespace

Model AutoModel::from_pretrained(const fs::path& path, const AutoModelOptions& options) {
  require_folder(path, options);
  ModelPackage package = read_model_package(path);
  require_usable(package);
  const Family& family =
      *models::find_family(package.model_config.model_architecture, package.model_config.task_type);
  const Weights weights = choose_weights(package, options);
  NetworkInput network = models::network_input_for(package, family);
  require_resolution(network.training_input_size, family, options);

  LoadOptions load = load_options(options, weights);
  const bool fused = options.fuse_pre_processing && weights.backend == kOpenVino &&
                     models::can_fuse(network) && !package.text_recognition.has_value();
  if (fused) {
    load.edits.image_inputs.push_back(image_edit(network, family));
  }
  Engine engine = load_engine(weights.file, load);
  align_size(package, family, engine, fused, network);
  require_resolution(network.training_input_size, family, options);
  std::shared_ptr<GraphCache> cache = establish_trt_cuda_graph_cache(
      options.default_trt_cuda_graph_cache_size, options.cuda_graph_cache,
      weights.backend == kTensorRt ? CacheBackend::kTensorRt : CacheBackend::kOpenVino);
  return Model(std::make_shared<detail::ModelState>(std::move(package), family, std::move(network),
                                                    fused, std::move(engine), std::move(cache),
                                                    options));
}

std::vector<FamilyInfo> list_families() {
  std::vector<FamilyInfo> infos;
  for (const Family& family : models::all_families()) {
    const bool paddle = family.format == models::PackageFormat::kPaddle;
    infos.push_back({.architecture = std::string(family.architecture),
                     .task = family.task,
                     .weights = {{kOpenVino, paddle ? models::kPaddleOnnxFile : models::kOnnxFile},
                                 {kTensorRt, models::kPlanFile}},
                     .post_processing = family.post_processing,
                     .may_be_fused = family.fused == models::Fused::kObeyed,
                     .features = {family.features.begin(), family.features.end()},
                     .tested_against = std::string(family.tested_against)});
  }
  return infos;
}

const ModelPackage& Model::package() const noexcept {
  return state_->package();
}
Task Model::task() const noexcept {
  return state_->family().task;
}
const std::vector<std::string>& Model::class_names() const noexcept {
  return state_->class_names();
}
const std::vector<KeyPointsOfClass>& Model::key_points() const noexcept {
  return state_->key_points();
}
const Engine& Model::engine() const noexcept {
  return state_->engine();
}
const std::shared_ptr<GraphCache>& Model::graph_cache() const noexcept {
  return state_->cache();
}
bool Model::fuses_pre_processing() const noexcept {
  return state_->fused();
}

PreProcessedImages Model::pre_process(std::span<const ImageView> images,
                                      const PredictOptions& options) const {
  return state_->pre_process(images, options);
}

InferResult Model::forward(const PreProcessedImages& batch, const PredictOptions& options) const {
  return state_->forward(batch, options);
}

std::vector<Prediction> Model::post_process(const InferResult& outputs,
                                            std::span<const PreProcessingMetadata> metadata,
                                            const PredictOptions& options) const {
  return state_->post_process(outputs, metadata, options);
}

std::vector<Prediction> Model::predict(std::span<const ImageView> images,
                                       const PredictOptions& options) const {
  return state_->predict(images, options);
}

Prediction Model::predict(const ImageView& image, const PredictOptions& options) const {
  return std::move(predict(std::span(&image, 1), options).front());
}

}  // namespace replayrt
