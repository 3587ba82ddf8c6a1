#include "model_runner.hpp"

#include <utility>

namespace ocr {
namespace {

using replayrt::DType;
using Clock = std::chrono::steady_clock;

replayrt::Engine load(const std::filesystem::path& model, std::int64_t inference_threads) {
  replayrt::LoadOptions options;
  options.inference_threads = inference_threads;
  return replayrt::load_engine(model, options);
}

replayrt::AutoModelOptions model_options(const RunnerOptions& options) {
  replayrt::AutoModelOptions result;
  result.cuda_graph_cache = options.cache;
  result.inference_threads = options.inference_threads;
  // The network stays as its file has it, so that the traces are shapes of the file, too.
  result.fuse_pre_processing = false;
  return result;
}

void require_image_model(const replayrt::Engine& engine, const std::filesystem::path& file) {
  const auto& inputs = engine.inputs();
  const auto& outputs = engine.outputs();
  const bool images_in = inputs.size() == 1 && inputs[0].dtype == DType::kF32 &&
                         (!inputs[0].dims.has_value() || inputs[0].dims->size() == 4);
  if (!images_in || outputs.size() != 1 || outputs[0].dtype != DType::kF32) {
    throw replayrt::Error(
        replayrt::ErrorCode::kCorruptedModel,
        file.string() +
            ": expected one f32 input of rank 4 (a batch of pictures) and one f32 output, "
            "as the PP-OCR models have them");
  }
}

/// A copy of one row, as a batch of its own.
replayrt::PreProcessedImages row_of(const replayrt::PreProcessedImages& batch,
                                    std::size_t position) {
  replayrt::TensorView row = batch.images.view();
  const std::size_t bytes = row.bytes() / batch.metadata.size();
  row.data = static_cast<const std::byte*>(row.data) + position * bytes;
  row.shape = {1, row.shape[1], row.shape[2], row.shape[3]};
  return {.images = replayrt::Tensor::copy_of(row), .metadata = {batch.metadata[position]}};
}

}  // namespace

void CallRecord::add(const replayrt::Shape& shape, const replayrt::InferResult& result,
                     std::chrono::nanoseconds time) {
  counts_.time += time;
  counts_.eager += static_cast<std::uint64_t>(result.eager_runs);
  counts_.captured += static_cast<std::uint64_t>(result.captured_runs);
  counts_.replayed += static_cast<std::uint64_t>(result.replayed_runs);
  if (result.eager_runs > 0) {
    ++counts_.eager_reasons[result.reason];
  }
  shapes_.push_back(shape);
}

ModelRunner::ModelRunner(const std::filesystem::path& model, const RunnerOptions& options)
    : file_(model), engine_(load(model, options.inference_threads)) {
  require_image_model(engine_, file_);
  infer_options_.graph_cache = options.cache;
}

replayrt::Tensor ModelRunner::run(const replayrt::TensorView& input, std::size_t output_rank) {
  const auto start = Clock::now();
  replayrt::InferResult result = replayrt::infer(engine_, {&input, 1}, infer_options_);
  record_.add(input.shape, result, Clock::now() - start);

  replayrt::Tensor& output = result.outputs[0];
  if (output.shape().rank() != output_rank || output.shape()[0] != input.shape[0]) {
    throw replayrt::Error(
        replayrt::ErrorCode::kCorruptedModel,
        file_.string() + ": gave an output of shape " + output.shape().to_string() +
            " for an input of shape " + input.shape.to_string() + "; expected " +
            std::to_string(output_rank) + " dimensions, the first as in the input");
  }
  return std::move(output);
}

PackageRunner::PackageRunner(const std::filesystem::path& package, const RunnerOptions& options)
    : model_(replayrt::AutoModel::from_pretrained(package, model_options(options))) {
  // Without a cache of ours the environment may have made one.
  predict_options_.disable_cuda_graphs = options.cache == nullptr;
}

replayrt::PreProcessedImages PackageRunner::prepare(const std::vector<cv::Mat>& pictures) const {
  std::vector<replayrt::ImageView> views;
  views.reserve(pictures.size());
  for (const cv::Mat& picture : pictures) {
    views.push_back({.data = picture.data,
                     .height = picture.rows,
                     .width = picture.cols,
                     .row_bytes = static_cast<std::int64_t>(picture.step[0])});
  }
  return model_.pre_process(views, predict_options_);
}

replayrt::Prediction PackageRunner::run(const replayrt::PreProcessedImages& batch,
                                        std::size_t position) {
  const replayrt::PreProcessedImages row =
      batch.metadata.size() == 1 ? batch : row_of(batch, position);
  const auto start = Clock::now();
  const replayrt::InferResult result = model_.forward(row, predict_options_);
  record_.add(row.images.shape(), result, Clock::now() - start);
  return std::move(model_.post_process(result, row.metadata, predict_options_).front());
}

}  // namespace ocr
