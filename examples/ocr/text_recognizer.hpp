#pragma once

#include <opencv2/core.hpp>
#include <span>
#include <vector>

#include "ctc.hpp"
#include "model_runner.hpp"
#include "planes.hpp"

namespace ocr {

/// Reads lines of text.
class TextRecognizer {
 public:
  /// `characters` is the file that CharacterSet::load reads.
  TextRecognizer(const std::filesystem::path& model, const std::filesystem::path& characters,
                 const RunnerOptions& options)
      : runner_(model, options),
        character_file_(characters),
        characters_(CharacterSet::load(characters)) {}

  /// The text of every crop, in their order.
  std::vector<Reading> read(std::span<const cv::Mat> crops);

  [[nodiscard]] const ModelRunner& runner() const { return runner_; }

 private:
  void require_classes(const replayrt::Shape& output) const;

  ModelRunner runner_;
  std::filesystem::path character_file_;
  CharacterSet characters_;
  InputBuffer input_;
};

}  // namespace ocr
