#include "ocr_pipeline.hpp"

#include <algorithm>
#include <utility>

#include "line_crop.hpp"
#include "working_picture.hpp"

namespace ocr {
namespace {

constexpr double kMinConfidence = 0.5;

bool is_blank(const std::string& text) {
  // The two spaces that the recognition model knows.
  constexpr std::string_view kIdeographicSpace = "\xE3\x80\x80";
  std::string_view rest = text;
  while (!rest.empty()) {
    if (rest.front() == ' ') {
      rest.remove_prefix(1);
    } else if (rest.starts_with(kIdeographicSpace)) {
      rest.remove_prefix(kIdeographicSpace.size());
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

OcrPipeline::OcrPipeline(const std::filesystem::path& models, const RunnerOptions& options)
    : detector_(models / "pp-ocrv6-det", options),
      direction_(models / "ppocr_cls.onnx", options),
      recognizer_(models / "pp-ocrv6-rec", options) {}

std::vector<TextLine> OcrPipeline::read(const cv::Mat& bgr) {
  const WorkingPicture picture = prepare_picture(bgr);
  const std::vector<Quad> boxes = detector_.find(picture.pixels);
  std::vector<cv::Mat> crops;
  crops.reserve(boxes.size());
  for (const Quad& box : boxes) {
    crops.push_back(crop_line(picture.pixels, box));
  }
  direction_.turn_upright(crops);
  std::vector<replayrt::TextResult> readings = recognizer_.read(crops);

  std::vector<TextLine> lines;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (readings[i].confidence >= kMinConfidence && !is_blank(readings[i].text)) {
      lines.push_back(
          {picture.to_original(boxes[i]), std::move(readings[i].text), readings[i].confidence});
    }
  }
  return lines;
}

}  // namespace ocr
