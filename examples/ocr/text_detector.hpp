#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "model_runner.hpp"
#include "planes.hpp"
#include "text_boxes.hpp"
#include "text_line.hpp"

namespace ocr {

/// Finds where text is in a picture.
class TextDetector {
 public:
  TextDetector(const std::filesystem::path& model, const RunnerOptions& options)
      : runner_(model, options) {}

  /// The boxes of text in `picture` (BGR), in reading order.
  std::vector<Quad> find(const cv::Mat& picture);

  [[nodiscard]] const ModelRunner& runner() const { return runner_; }

 private:
  ModelRunner runner_;
  InputBuffer input_;
  cv::Mat resized_;
};

}  // namespace ocr
