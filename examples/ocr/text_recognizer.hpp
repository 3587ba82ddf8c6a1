#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <span>
#include <vector>

#include "model_runner.hpp"

namespace ocr {

/// Reads lines of text.
class TextRecognizer {
 public:
  /// `package` is a model package of pp-ocrv6-rec.
  TextRecognizer(const std::filesystem::path& package, const RunnerOptions& options)
      : runner_(package, options) {}

  /// The text of every crop, in their order.
  std::vector<replayrt::TextResult> read(std::span<const cv::Mat> crops);

  [[nodiscard]] const CallRecord& record() const { return runner_.record(); }

 private:
  PackageRunner runner_;
};

}  // namespace ocr
