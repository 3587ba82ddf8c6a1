#include "text_direction.hpp"

#include <algorithm>
#include <vector>

#include "line_batch.hpp"
#include "line_crop.hpp"

namespace ocr {
namespace {

constexpr int kWidth = 192;
constexpr float kThreshold = 0.9F;

}  // namespace

void TextDirection::turn_upright(std::span<cv::Mat> crops) {
  const std::vector<std::size_t> order = order_by_shape(crops);
  for (std::size_t first = 0; first < order.size(); first += kLinesPerBatch) {
    const auto batch =
        std::span(order).subspan(first, std::min(kLinesPerBatch, order.size() - first));
    write_batch(crops, batch, kWidth, input_);
    const replayrt::Tensor output = runner_.run(input_.view(), 2);
    if (output.shape()[1] != 2) {
      throw replayrt::Error(replayrt::ErrorCode::kCorruptedModel,
                            runner_.file().string() + ": gave an output of shape " +
                                output.shape().to_string() +
                                "; expected two probabilities per line (upright, upside down)");
    }
    const std::span<const float> probabilities = output.as<float>();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (probabilities[2 * i + 1] > kThreshold) {
        // Into memory of its own: the crop may be a part of the picture.
        cv::Mat turned;
        cv::rotate(crops[batch[i]], turned, cv::ROTATE_180);
        crops[batch[i]] = turned;
      }
    }
  }
}

}  // namespace ocr
