#include <array>
#include <utility>

#include "replayrt/models/model_package.hpp"

namespace replayrt {
namespace {

constexpr std::array<std::pair<Task, std::string_view>, 8> kTasks = {{
    {Task::kObjectDetection, "object-detection"},
    {Task::kInstanceSegmentation, "instance-segmentation"},
    {Task::kKeyPointDetection, "keypoint-detection"},
    {Task::kSemanticSegmentation, "semantic-segmentation"},
    {Task::kClassification, "classification"},
    {Task::kMultiLabelClassification, "multi-label-classification"},
    {Task::kDepthEstimation, "depth-estimation"},
    {Task::kTextOnlyOcr, "text-only-ocr"},
}};

}  // namespace

std::string_view to_string(Task task) noexcept {
  for (const auto& [value, text] : kTasks) {
    if (value == task) {
      return text;
    }
  }
  return "unknown";
}

std::optional<Task> task_from_string(std::string_view text) noexcept {
  for (const auto& [value, name] : kTasks) {
    if (name == text) {
      return value;
    }
  }
  return std::nullopt;
}

std::string_view to_string(ResizeMode mode) noexcept {
  switch (mode) {
    case ResizeMode::kStretch:
      return "stretch";
    case ResizeMode::kLetterbox:
      return "letterbox";
    case ResizeMode::kCenterCrop:
      return "center-crop";
    case ResizeMode::kFitLongerEdge:
      return "fit-longer-edge";
    case ResizeMode::kLetterboxReflectEdges:
      return "letterbox-reflect-edges";
  }
  return "unknown";
}

std::string_view to_string(ContrastType type) noexcept {
  switch (type) {
    case ContrastType::kAdaptiveEqualization:
      return "Adaptive Equalization";
    case ContrastType::kContrastStretching:
      return "Contrast Stretching";
    case ContrastType::kHistogramEqualization:
      return "Histogram Equalization";
  }
  return "unknown";
}

std::string_view to_string(PostProcessing::Type type) noexcept {
  switch (type) {
    case PostProcessing::Type::kNms:
      return "nms";
    case PostProcessing::Type::kSoftmax:
      return "softmax";
    case PostProcessing::Type::kSigmoid:
      return "sigmoid";
  }
  return "unknown";
}

}  // namespace replayrt
