#include "text_detector.hpp"

#include <variant>

#include "reading_order.hpp"

namespace ocr {

std::vector<Quad> TextDetector::find(const cv::Mat& picture) {
  const replayrt::Prediction prediction = runner_.run(runner_.prepare({picture}), 0);
  std::vector<Quad> boxes;
  for (const auto& corners : std::get<replayrt::Detections>(prediction).polygon) {
    Quad& box = boxes.emplace_back();
    for (std::size_t i = 0; i < box.size(); ++i) {
      box[i] = {static_cast<float>(corners[i][0]), static_cast<float>(corners[i][1])};
    }
  }
  sort_boxes(boxes);
  return boxes;
}

}  // namespace ocr
