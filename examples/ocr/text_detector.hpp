#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <vector>

#include "model_runner.hpp"
#include "text_line.hpp"

namespace ocr {

/// Finds where text is in a picture.
class TextDetector {
 public:
  /// `package` is a model package of pp-ocrv6-det.
  TextDetector(const std::filesystem::path& package, const RunnerOptions& options)
      : runner_(package, options) {}

  /// The boxes of text in `picture` (BGR), in reading order.
  std::vector<Quad> find(const cv::Mat& picture);

  [[nodiscard]] const CallRecord& record() const { return runner_.record(); }

 private:
  PackageRunner runner_;
};

}  // namespace ocr
