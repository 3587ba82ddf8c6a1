#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

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

/// One model of the pipeline: takes one tensor of floats, gives back one. Remembers the shapes that
/// it saw. One call at a time.
class ModelRunner {
 public:
  /// Throws replayrt::Error as `load_engine` does, and kCorruptedModel if the model is not one f32
  /// image batch in, f32 out.
  ModelRunner(const std::filesystem::path& model, const RunnerOptions& options);

  /// Throws replayrt::Error as `infer` does; kCorruptedModel unless the output has `output_rank`
  /// dimensions and one row per row of the input.
  replayrt::Tensor run(const replayrt::TensorView& input, std::size_t output_rank);

  [[nodiscard]] const replayrt::Engine& engine() const { return engine_; }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] const CallCounts& counts() const { return counts_; }

  /// The shape of every input so far, in the order of the calls.
  [[nodiscard]] const std::vector<replayrt::Shape>& shapes() const { return shapes_; }

 private:
  std::filesystem::path file_;
  replayrt::Engine engine_;
  replayrt::InferOptions infer_options_;
  CallCounts counts_;
  std::vector<replayrt::Shape> shapes_;
};

}  // namespace ocr
