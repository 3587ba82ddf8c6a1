#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <vector>

#include "text_detector.hpp"
#include "text_direction.hpp"
#include "text_line.hpp"
#include "text_recognizer.hpp"

namespace ocr {

/// Reads the text in pictures: PP-OCRv6 detection, the direction classifier and PP-OCRv6
/// recognition, three models that share one cache of captured graphs. Detection and recognition are
/// model packages.
///
/// Not thread-safe: one picture at a time. Pipelines may share a cache.
class OcrPipeline {
 public:
  /// `models` is a folder with the packages pp-ocrv6-det and pp-ocrv6-rec, and ppocr_cls.onnx.
  /// Throws replayrt::Error that names what is missing or unusable.
  OcrPipeline(const std::filesystem::path& models, const RunnerOptions& options);

  /// The lines of text in `bgr` (8-bit, 3 channels) in reading order. Throws as `prepare_picture`
  /// and the models do; the pipeline stays usable.
  std::vector<TextLine> read(const cv::Mat& bgr);

  [[nodiscard]] const CallRecord& detection() const { return detector_.record(); }
  [[nodiscard]] const CallRecord& direction() const { return direction_.record(); }
  [[nodiscard]] const CallRecord& recognition() const { return recognizer_.record(); }

 private:
  TextDetector detector_;
  TextDirection direction_;
  TextRecognizer recognizer_;
};

}  // namespace ocr
