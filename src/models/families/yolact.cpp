#include <string>

#include "models/families/shared.hpp"

namespace replayrt::models {
namespace {

constexpr std::size_t kPriors = 3;

/// Offsets of boxes, scores with the background first, coefficients, priors, prototypes.
Prediction decode(const DecodeInput& input, std::size_t image,
                  const PreProcessingMetadata& metadata) {
  const HeadOutput& coefficients = input.outputs[2];
  const HeadOutput& prototypes = input.outputs[4];
  const std::int64_t count = prototype_count(prototypes, PrototypeAxis::kLast);
  const Shape& offsets = input.outputs[0].shape();
  const auto boxes = decode_priors(input.outputs[0], input.outputs[1], input.outputs[kPriors],
                                   image, metadata.inference_size, input.settings);
  const Shape& shape = coefficients.shape();
  coefficients.require(3, shape.rank() == 3 && shape[1] == offsets[1] && shape[2] == count,
                       "images x " + std::to_string(offsets[1]) + " x " + std::to_string(count) +
                           ", a coefficient for each prototype");
  return with_mixed_masks(
      boxes,
      {.output = &coefficients, .first = 0, .row_step = static_cast<std::size_t>(count), .step = 1},
      prototypes, PrototypeAxis::kLast, image, metadata, input.masks);
}

}  // namespace

std::vector<Family> yolact_families() {
  return {{.architecture = "yolact",
           .task = Task::kInstanceSegmentation,
           .decode = decode,
           .class_axis = ClassAxis{.output = 1, .axis = 2, .others = 1},
           .parameters = {.confidence = true, .nms = true, .max_detections = true, .masks = true},
           .masks_are_smooth = true,
           .output_count = 5,
           .output_without_images = kPriors,
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"}};
}

}  // namespace replayrt::models
