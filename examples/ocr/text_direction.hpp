#pragma once

#include <opencv2/core.hpp>
#include <span>

#include "model_runner.hpp"
#include "planes.hpp"

namespace ocr {

/// Tells which lines stand on their head.
class TextDirection {
 public:
  TextDirection(const std::filesystem::path& model, const RunnerOptions& options)
      : runner_(model, options) {}

  /// Replaces every crop that is upside down by one that is turned by 180 degrees.
  void turn_upright(std::span<cv::Mat> crops);

  [[nodiscard]] const CallRecord& record() const { return runner_.record(); }

 private:
  ModelRunner runner_;
  InputBuffer input_;
};

}  // namespace ocr
