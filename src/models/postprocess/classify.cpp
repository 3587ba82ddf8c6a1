#include "models/postprocess/classify.hpp"

#include <algorithm>
#include <cmath>

namespace replayrt::models {
namespace {

std::vector<float> scores_of(const HeadOutput& output, std::size_t image) {
  output.require(2, output.shape().rank() == 2 && output.shape()[1] > 0, "images x classes");
  const std::span<const float> values = output.of_image(image);
  return {values.begin(), values.end()};
}

void softmax(std::vector<float>& values) {
  const float largest = *std::ranges::max_element(values);
  float sum = 0;
  for (float& value : values) {
    value = std::exp(value - largest);
    sum += value;
  }
  for (float& value : values) {
    value /= sum;
  }
}

}  // namespace

ClassificationPrediction classify(const HeadOutput& output, std::size_t image, bool fused) {
  ClassificationPrediction result;
  result.confidence = scores_of(output, image);
  if (!fused) {
    softmax(result.confidence);
  }
  result.class_id = std::ranges::max_element(result.confidence) - result.confidence.begin();
  return result;
}

MultiLabelClassificationPrediction classify_multi_label(const HeadOutput& output, std::size_t image,
                                                        bool fused, const Threshold& threshold,
                                                        bool inclusive) {
  MultiLabelClassificationPrediction result;
  result.confidence = scores_of(output, image);
  for (std::size_t i = 0; i < result.confidence.size(); ++i) {
    float& score = result.confidence[i];
    score = fused ? score : 1.0F / (1.0F + std::exp(-score));
    const auto class_id = static_cast<std::int64_t>(i);
    if (threshold.passes(score, class_id, inclusive)) {
      result.class_ids.push_back(class_id);
    }
  }
  return result;
}

}  // namespace replayrt::models
