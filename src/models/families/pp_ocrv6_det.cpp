#include <algorithm>

#include "models/families/family.hpp"
#include "models/postprocess/text_boxes.hpp"

namespace replayrt::models {
namespace {

/// (images, 1, height, width): for each pixel of the canvas, how likely it is part of text.
Prediction decode(const DecodeInput& input, std::size_t image,
                  const PreProcessingMetadata& metadata) {
  const HeadOutput& output = input.outputs[0];
  const ImageSize map = metadata.inference_size;
  const Shape& shape = output.shape();
  output.require(
      4, shape.rank() == 4 && shape[1] == 1 && shape[2] == map.height && shape[3] == map.width,
      "one map of the input's size per image, (images, 1, height, width)");
  TextDetectionConfig config = *input.package->text_detection;
  config.use_dilation = config.use_dilation && !input.settings.reference_compatible;
  Detections found;
  for (const TextBox& box :
       find_text_boxes(output.of_image(image), map, metadata.original_size, config)) {
    const auto [left, right] =
        std::minmax({box.corners[0][0], box.corners[1][0], box.corners[2][0], box.corners[3][0]});
    const auto [top, bottom] =
        std::minmax({box.corners[0][1], box.corners[1][1], box.corners[2][1], box.corners[3][1]});
    found.xyxy.push_back({left, top, right, bottom});
    found.class_id.push_back(0);
    found.confidence.push_back(static_cast<float>(box.score));
    found.polygon.push_back(box.corners);
  }
  return found;
}

}  // namespace

std::vector<Family> pp_ocrv6_det_families() {
  return {
      {.architecture = "pp-ocrv6-det",
       .task = Task::kObjectDetection,
       .format = PackageFormat::kPaddle,
       .decode = decode,
       .parameters = {.instead_of_confidence = "PostProcess.box_thresh of inference.yml decides"},
       .tested_against = "inference-models 0.39.6, ONNX on the CPU"}};
}

}  // namespace replayrt::models
