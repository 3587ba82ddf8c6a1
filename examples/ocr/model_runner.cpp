#include "model_runner.hpp"

namespace ocr {
namespace {

using replayrt::DType;

replayrt::Engine load(const std::filesystem::path& model, std::int64_t inference_threads) {
  replayrt::LoadOptions options;
  options.inference_threads = inference_threads;
  return replayrt::load_engine(model, options);
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

}  // namespace

ModelRunner::ModelRunner(const std::filesystem::path& model, const RunnerOptions& options)
    : file_(model), engine_(load(model, options.inference_threads)) {
  require_image_model(engine_, file_);
  infer_options_.graph_cache = options.cache;
}

replayrt::Tensor ModelRunner::run(const replayrt::TensorView& input, std::size_t output_rank) {
  const auto start = std::chrono::steady_clock::now();
  replayrt::InferResult result = replayrt::infer(engine_, {&input, 1}, infer_options_);
  counts_.time += std::chrono::steady_clock::now() - start;
  counts_.eager += static_cast<std::uint64_t>(result.eager_runs);
  counts_.captured += static_cast<std::uint64_t>(result.captured_runs);
  counts_.replayed += static_cast<std::uint64_t>(result.replayed_runs);
  if (result.eager_runs > 0) {
    ++counts_.eager_reasons[result.reason];
  }
  shapes_.push_back(input.shape);

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

}  // namespace ocr
