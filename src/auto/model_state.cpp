#include "auto/model_state.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "models/element_type.hpp"
#include "models/postprocess/key_points.hpp"
#include "replayrt/core/log.hpp"

namespace replayrt::detail {
namespace {

using models::Family;
using models::HeadOutput;

constexpr std::size_t kImageRank = 4;
constexpr std::int64_t kMostLinesAtOnce = 8;  // The reference's bound.

std::optional<BatchLimits> batch_limits_of(const ModelPackage& package, const Engine& engine) {
  if (engine.backend_name() == "tensorrt" && package.trt_config.has_value()) {
    const TrtConfig& config = *package.trt_config;
    if (config.static_batch_size.has_value()) {
      return BatchLimits{*config.static_batch_size, *config.static_batch_size};
    }
    return BatchLimits{*config.dynamic_batch_size_min, *config.dynamic_batch_size_max};
  }
  const std::optional<std::vector<DimensionRange>>& dims = engine.inputs()[0].dims;
  if (dims.has_value() && !dims->empty() && !dims->front().is_dynamic()) {
    return BatchLimits{dims->front().min, dims->front().min};
  }
  if (const auto& most = package.inference_config.max_dynamic_batch_size; most.has_value()) {
    return BatchLimits{1, *most};
  }
  if (package.text_detection.has_value() ||
      (package.text_recognition.has_value() && engine.backend_name() == "openvino")) {
    // On a CPU a batch of lines costs as much per line, and this way one graph of a width serves
    // any number of lines. Pages hardly ever have one size.
    return BatchLimits{1, 1};
  }
  if (package.text_recognition.has_value()) {
    return BatchLimits{1, kMostLinesAtOnce};
  }
  return std::nullopt;
}

[[noreturn]] void refuse_engine(const ModelPackage& package, const std::string& what) {
  throw Error(ErrorCode::kCorruptedModel, "package '" + package.folder.string() + "': " + what);
}

}  // namespace

ModelState::ModelState(ModelPackage package, const Family& family, NetworkInput network, bool fused,
                       Engine engine, std::shared_ptr<GraphCache> cache,
                       const AutoModelOptions& options)
    : package_(std::move(package)),
      family_(family),
      fused_(fused),
      engine_(std::move(engine)),
      cache_(std::move(cache)),
      reference_compatible_(options.reference_compatible),
      recommended_(
          options.recommended_parameters.value_or(package_.model_config.recommended_parameters)),
      pre_processor_({.steps = package_.inference_config.image_pre_processing,
                      .network = std::move(network),
                      .resampling = family.resampling,
                      .fused = fused,
                      .reference_compatible = options.reference_compatible,
                      .text_page = package_.text_detection,
                      .text_line = package_.text_recognition
                                       ? std::optional(package_.text_recognition->line_size)
                                       : std::nullopt}),
      class_names_(package_.class_names),
      key_points_(package_.key_points) {
  remove_classes();
  check_inputs();
  find_outputs();
  check_class_count();
  batch_limits_ = batch_limits_of(package_, engine_);
}

void ModelState::remove_classes() {
  const std::vector<std::string>& removed = package_.inference_config.removed_class_names;
  if (family_.removes_classes && !removed.empty()) {
    class_names_.clear();
    key_points_.clear();
    for (std::size_t i = 0; i < package_.class_names.size(); ++i) {
      const std::string& name = package_.class_names[i];
      const bool remains = std::ranges::find(removed, name) == removed.end();
      classes_.push_back(remains ? static_cast<std::int32_t>(class_names_.size()) : -1);
      if (remains) {
        class_names_.push_back(name);
      }
      if (remains && i < package_.key_points.size()) {
        key_points_.push_back(package_.key_points[i]);
      }
    }
    return;
  }
  for (std::size_t i = 0; i < class_names_.size(); ++i) {
    classes_.push_back(static_cast<std::int32_t>(i));
  }
}

void ModelState::check_inputs() const {
  const std::vector<TensorSpec>& inputs = engine_.inputs();
  if (inputs.size() != 1) {
    refuse_engine(package_, "the network has " + std::to_string(inputs.size()) +
                                " inputs: expected 1, the pictures");
  }
  if (inputs[0].dims.has_value() && inputs[0].dims->size() != kImageRank) {
    refuse_engine(package_, "input '" + inputs[0].name + "' has shape " + inputs[0].shape_text() +
                                ": expected a batch of pictures, of rank 4");
  }
}

void ModelState::find_outputs() {
  const std::vector<TensorSpec>& outputs = engine_.outputs();
  const std::vector<std::size_t>& used = family_.outputs_used;
  const std::size_t least = used.empty() ? family_.output_count : used.back() + 1;
  if (used.empty() ? outputs.size() != least : outputs.size() < least) {
    refuse_engine(package_, "the network has " + std::to_string(outputs.size()) +
                                " outputs: architecture " + std::string(family_.architecture) +
                                " for " + std::string(to_string(family_.task)) + " has " +
                                (used.empty() ? "" : "at least ") + std::to_string(least));
  }
  if (!used.empty()) {
    outputs_ = used;
    return;
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs_.push_back(i);
  }
  // By name where all are there; exports to ONNX may call them anything.
  std::vector<std::size_t> named;
  for (const std::string_view name : family_.output_names) {
    const auto found = std::ranges::find(outputs, name, &TensorSpec::name);
    if (found != outputs.end()) {
      named.push_back(static_cast<std::size_t>(found - outputs.begin()));
    }
  }
  if (!named.empty() && named.size() == outputs.size()) {
    outputs_ = std::move(named);
  }
}

void ModelState::check_class_count() const {
  const bool selected = network_has_selected() && family_.parameters.nms;
  if (!family_.class_axis.has_value() || selected) {
    return;
  }
  const models::ClassAxis& place = *family_.class_axis;
  const TensorSpec& output = engine_.outputs()[outputs_[place.output]];
  if (!output.dims.has_value() || output.dims->size() <= place.axis ||
      (*output.dims)[place.axis].is_dynamic()) {
    return;
  }
  std::int64_t others = place.others;
  if (place.prototypes.has_value()) {
    const TensorSpec& prototypes = engine_.outputs()[outputs_[*place.prototypes]];
    if (!prototypes.dims.has_value() || prototypes.dims->size() <= 1 ||
        (*prototypes.dims)[1].is_dynamic()) {
      return;
    }
    others += (*prototypes.dims)[1].min;
  }
  const auto places = static_cast<std::int64_t>(models::key_point_places(key_points_));
  others += place.per_key_point * places;
  const std::int64_t extent = (*output.dims)[place.axis].min;
  const std::int64_t classes = extent - others;
  if (package_.text_recognition.has_value()) {
    const std::size_t characters = package_.text_recognition->characters.size();
    if (classes != static_cast<std::int64_t>(characters)) {
      refuse_engine(package_, "inference.yml: PostProcess.character_dict has " +
                                  std::to_string(characters) + " characters, but output '" +
                                  output.name + "' of the network has classes for " +
                                  std::to_string(classes) + ", 'nothing' and a space");
    }
    return;
  }
  const auto names = static_cast<std::int64_t>(class_names_.size());
  const bool fits = classes == names || (place.background_may_lack && classes + 1 == names);
  if (!fits && place.per_key_point > 0) {  // Nothing would lie where it is looked for.
    refuse_engine(package_, "output '" + output.name + "' of the network has " +
                                std::to_string(extent) + " channels: expected " +
                                std::to_string(place.others) + " + " + std::to_string(names) +
                                " classes + " + std::to_string(place.per_key_point) + " x " +
                                std::to_string(places) + " key points");
  }
  if (!fits) {
    log(LogLevel::kWarning, package_.folder.string() + ": class_names.txt has " +
                                std::to_string(class_names_.size()) + " names, but output '" +
                                output.name + "' of the network has " + std::to_string(classes) +
                                " classes");
  }
}

bool ModelState::network_has_selected() const {
  return family_.fused == models::Fused::kObeyed &&
         package_.inference_config.post_processing.has_value() &&
         package_.inference_config.post_processing->fused;
}

PreProcessedImages ModelState::pre_process(std::span<const ImageView> images,
                                           const PredictOptions& options) const {
  return pre_processor_(images, options);
}

Tensor ModelState::network_input(const PreProcessedImages& batch) const {
  const TensorSpec& input = engine_.inputs()[0];
  const Tensor& images = batch.images;
  if (!images.defined() || images.shape().rank() != kImageRank ||
      images.dtype() != (fused_ ? DType::kU8 : DType::kF32)) {
    throw Error(ErrorCode::kModelInput, "the batch is not one that this model's pre_process made");
  }
  return fused_ ? images : models::from_f32(images, input.dtype, input.name);
}

InferResult ModelState::forward(const PreProcessedImages& batch,
                                const PredictOptions& options) const {
  const Tensor images = network_input(batch);
  return run(images.view(), options);
}

InferResult ModelState::run(const TensorView& images, const PredictOptions& options) const {
  InferOptions infer_options;
  infer_options.graph_cache = cache_;
  infer_options.disable_cuda_graphs = options.disable_cuda_graphs;
  infer_options.batch_limits = batch_limits_;
  return infer(engine_, {&images, 1}, infer_options);
}

std::vector<Prediction> ModelState::post_process(const InferResult& outputs,
                                                 std::span<const PreProcessingMetadata> metadata,
                                                 const PredictOptions& options) const {
  require_applicable(options);
  if (outputs.outputs.size() != engine_.outputs().size()) {
    throw Error(ErrorCode::kModelInput, "there are " + std::to_string(outputs.outputs.size()) +
                                            " outputs: expected those of this model's forward, " +
                                            std::to_string(engine_.outputs().size()));
  }
  outputs.completion.wait();
  std::vector<HeadOutput> heads;
  for (const std::size_t position : outputs_) {
    heads.emplace_back(outputs.outputs[position], engine_.outputs()[position].name);
    const bool has_images = heads.size() - 1 != family_.output_without_images;
    if (has_images && heads.back().images() != static_cast<std::int64_t>(metadata.size())) {
      throw Error(ErrorCode::kCorruptedModel, "output '" + heads.back().name() + "' has shape " +
                                                  heads.back().shape().to_string() +
                                                  ": expected one row per image, " +
                                                  std::to_string(metadata.size()));
    }
  }
  const models::DecodeInput input{.outputs = heads,
                                  .settings = settings_for(options),
                                  .masks = mask_settings_for(options),
                                  .fused = network_has_selected(),
                                  .classes = &classes_,
                                  .package = &package_,
                                  .key_points = key_points_};
  std::vector<Prediction> predictions;
  predictions.reserve(metadata.size());
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    predictions.push_back(family_.decode(input, i, metadata[i]));
  }
  return predictions;
}

std::vector<Prediction> ModelState::predict(std::span<const ImageView> images,
                                            const PredictOptions& options) const {
  require_applicable(options);  // Before the work rather than after it.
  const bool one_by_one =
      package_.text_detection.has_value() || family_.output_without_images.has_value();
  if (one_by_one && images.size() > 1) {
    return predict_one_by_one(images, options);
  }
  const PreProcessedImages batch = pre_process(images, options);
  if (package_.text_recognition.has_value()) {
    return predict_lines(batch, options);
  }
  return post_process(forward(batch, options), batch.metadata, options);
}

std::vector<Prediction> ModelState::predict_one_by_one(std::span<const ImageView> images,
                                                       const PredictOptions& options) const {
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const PreProcessedImages page = pre_processor_(images.subspan(i, 1), options, i);
    predictions.push_back(
        std::move(post_process(forward(page, options), page.metadata, options).front()));
  }
  return predictions;
}

std::vector<Prediction> ModelState::predict_lines(const PreProcessedImages& batch,
                                                  const PredictOptions& options) const {
  const Tensor lines = network_input(batch);
  const std::size_t count = batch.metadata.size();
  const std::size_t line_bytes = lines.bytes() / count;
  const std::size_t most =
      batch_limits_ ? static_cast<std::size_t>(batch_limits_->max) : std::size_t{1};
  std::vector<Prediction> predictions;
  for (std::size_t first = 0; first < count; first += most) {
    const std::size_t size = std::min(most, count - first);
    TensorView part = lines.view();
    part.data = static_cast<const std::byte*>(part.data) + first * line_bytes;
    part.shape =
        Shape{static_cast<std::int64_t>(size), part.shape[1], part.shape[2], part.shape[3]};
    std::ranges::move(
        post_process(run(part, options), std::span(batch.metadata).subspan(first, size), options),
        std::back_inserter(predictions));
  }
  return predictions;
}

}  // namespace replayrt::detail
