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
    write_batch(crops, batch, batch_width(width_per_height(crops[batch.back()])), input_);
    const replayrt::Tensor output = runner_.run(input_.view(), 3);
    require_classes(output.shape());
    const std::span<const float> probabilities = output.as<float>();
    const std::size_t line_length = probabilities.size() / batch.size();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      readings[batch[i]] =
          decode_ctc(probabilities.subspan(i * line_length, line_length), characters_);
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
