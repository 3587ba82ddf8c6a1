#include "text_recognizer.hpp"

#include <algorithm>

#include "line_batch.hpp"
#include "line_crop.hpp"

namespace ocr {

std::vector<Reading> TextRecognizer::read(std::span<const cv::Mat> crops) {
  std::vector<Reading> readings(crops.size());
  const std::vector<std::size_t> order = order_by_shape(crops);
  for (std::size_t first = 0; first < order.size(); first += kLinesPerBatch) {
    const auto batch =
        std::span(order).subspan(first, std::min(kLinesPerBatch, order.size() - first));
    const int width = batch_width(width_per_height(crops[batch.back()]));
    // Its lines share a width, as rapidocr's do, but run one by one: on a CPU a batch costs as much
    // per line and its activations leave the caches, and one graph serves any number of lines.
    for (const std::size_t& line : batch) {
      write_batch(crops, {&line, 1}, width, input_);
      const replayrt::Tensor output = runner_.run(input_.view(), 3);
      require_classes(output.shape());
      readings[line] = decode_ctc(output.as<float>(), characters_);
    }
  }
  return readings;
}

void TextRecognizer::require_classes(const replayrt::Shape& output) const {
  if (static_cast<std::size_t>(output[2]) != characters_.classes()) {
    throw replayrt::Error(replayrt::ErrorCode::kCorruptedModel,
                          character_file_.string() + ": has " +
                              std::to_string(characters_.classes() - 2) + " characters; " +
                              runner_.file().string() + " expects " +
                              std::to_string(output[2] - 2));
  }
}

}  // namespace ocr
