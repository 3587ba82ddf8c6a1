#include "text_recognizer.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "line_batch.hpp"
#include "line_crop.hpp"

namespace ocr {

std::vector<replayrt::TextResult> TextRecognizer::read(std::span<const cv::Mat> crops) {
  std::vector<replayrt::TextResult> readings(crops.size());
  const std::vector<std::size_t> order = order_by_shape(crops);
  for (std::size_t first = 0; first < order.size(); first += kLinesPerBatch) {
    const auto positions =
        std::span(order).subspan(first, std::min(kLinesPerBatch, order.size() - first));
    std::vector<cv::Mat> lines;
    for (const std::size_t position : positions) {
      lines.push_back(crops[position]);
    }
    // Lines of like shape share a width, as rapidocr's do, but run one by one: on a CPU a batch
    // costs as much per line, and one graph serves any number of lines.
    const replayrt::PreProcessedImages batch = runner_.prepare(lines);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      readings[positions[i]] = std::get<replayrt::TextResult>(runner_.run(batch, i));
    }
  }
  return readings;
}

}  // namespace ocr
