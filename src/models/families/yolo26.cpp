#include "models/families/key_points.hpp"
#include "models/families/shared.hpp"
#include "models/postprocess/maps.hpp"

namespace replayrt::models {
namespace {

constexpr std::string_view kReference = "inference-models 0.39.6, ONNX on the CPU";

Prediction decode_depth(const DecodeInput& input, std::size_t image,
                        const PreProcessingMetadata& metadata) {
  return depth_of(input.outputs[0], image, metadata, input.settings.reference_compatible);
}

}  // namespace

std::vector<Family> yolo26_families() {
  return {{.architecture = "yolo26",
           .task = Task::kObjectDetection,
           .decode = decode_selected,
           .parameters = {.confidence = true, .max_detections = true},
           .default_confidence = 0.25,
           .default_max_detections = kNoMaxDetections,
           .tested_against = kReference},
          {.architecture = "yolo26",
           .task = Task::kInstanceSegmentation,
           .decode = decode_selected_with_masks,
           .parameters = {.confidence = true, .max_detections = true, .masks = true},
           .default_confidence = 0.25,
           .default_max_detections = kNoMaxDetections,
           .output_count = 2,
           .output_names = {"output0", "output1"},
           .tested_against = kReference},
          {.architecture = "yolo26",
           .task = Task::kSemanticSegmentation,
           .decode = decode_segmentation,
           .class_axis = ClassAxis{.axis = 1, .background_may_lack = true},
           .parameters = {.confidence = true},
           .default_confidence = 0.25,
           .tested_against = kReference},
          {.architecture = "yolo26",
           .task = Task::kDepthEstimation,
           .decode = decode_depth,
           .parameters = {.instead_of_confidence = "every pixel has a depth"},
           .tested_against = kReference},
          {.architecture = "yolo26",
           .task = Task::kKeyPointDetection,
           .decode = decode_selected_key_points,
           .parameters = {.confidence = true, .max_detections = true, .key_points_threshold = true},
           .default_confidence = 0.25,
           .default_key_points_threshold = 0.3,
           .default_max_detections = kNoMaxDetections,
           .tested_against = kReference}};
}

}  // namespace replayrt::models
