#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "replayrt/auto_model.hpp"
#include "replayrt/replayrt.hpp"

namespace ocr {

struct RunnerOptions {
  std::shared_ptr<replayrt::TRTCudaGraphCache> cache;  ///< Null: every call is eager.
  std::int64_t inference_threads = 0;                  ///< 0: as many as there are cores.
};

/// How the calls of one model were served, and how long they took.
struct CallCounts {
  std::uint64_t eager = 0;
  std::uint64_t captured = 0;
  std::uint64_t replayed = 0;
  std::map<replayrt::Reason, std::uint64_t> eager_reasons{};  ///< Why calls were eager.
  std::chrono::nanoseconds time{0};

  [[nodiscard]] std::uint64_t calls() const { return eager + captured + replayed; }
};

/// What the calls of one model were like.
class CallRecord {
 public:
  /// Adds a call with an input of `shape`.
  void add(const replayrt::Shape& shape, const replayrt::InferResult& result,
           std::chrono::nanoseconds time);

  [[nodiscard]] const CallCounts& counts() const { return counts_; }

  /// The shape of every input so far, in the order of the calls.
  [[nodiscard]] const std::vector<replayrt::Shape>& shapes() const { return shapes_; }

 private:
  CallCounts counts_;
  std::vector<replayrt::Shape> shapes_;
};

/// One model file of the pipeline: takes one tensor of floats, gives back one. One call at a time.
class ModelRunner {
 public:
  /// Throws replayrt::Error as `load_engine` does, and kCorruptedModel if the model is not one f32
  /// image batch in, f32 out.
  ModelRunner(const std::filesystem::path& model, const RunnerOptions& options);

  /// Throws replayrt::Error as `infer` does; kCorruptedModel unless the output has `output_rank`
  /// dimensions and one row per row of the input.
  replayrt::Tensor run(const replayrt::TensorView& input, std::size_t output_rank);

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] const CallRecord& record() const { return record_; }

 private:
  std::filesystem::path file_;
  replayrt::Engine engine_;
  replayrt::InferOptions infer_options_;
  CallRecord record_;
};

/// One model package of the pipeline. One call at a time.
class PackageRunner {
 public:
  /// Throws replayrt::Error as `AutoModel::from_pretrained` does.
  PackageRunner(const std::filesystem::path& package, const RunnerOptions& options);

  /// The network's input for BGR pictures. Throws replayrt::Error as `Model::pre_process` does.
  [[nodiscard]] replayrt::PreProcessedImages prepare(const std::vector<cv::Mat>& pictures) const;

  /// What the model says of the picture at `position` of `batch`, which the network runs by itself.
  replayrt::Prediction run(const replayrt::PreProcessedImages& batch, std::size_t position);

  [[nodiscard]] const CallRecord& record() const { return record_; }

 private:
  replayrt::Model model_;
  replayrt::PredictOptions predict_options_;
  CallRecord record_;
};

}  // namespace ocr
