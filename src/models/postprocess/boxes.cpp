#include "models/postprocess/boxes.hpp"

#include <algorithm>
#include <cmath>

namespace replayrt::models {
namespace {

float overlap(const Candidate& a, const Candidate& b) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  return std::max(width, 0.0F) * std::max(height, 0.0F);
}

float area(const Candidate& box) {
  return (box.right - box.left) * (box.bottom - box.top);
}

std::int32_t within_image(float value, const WayBack& back) {
  return static_cast<std::int32_t>(std::nearbyint(std::clamp(back(value), 0.0F, back.end)));
}

}  // namespace

bool has_sides(const Candidate& box) noexcept {
  return !std::isnan(box.left) && !std::isnan(box.top) && !std::isnan(box.right) &&
         !std::isnan(box.bottom);
}

void suppress(std::vector<Candidate>& boxes, float iou_threshold, bool class_agnostic,
              std::int64_t max_detections) {
  std::ranges::stable_sort(boxes, std::ranges::greater{}, &Candidate::confidence);
  // Kept boxes move to the front, so none is compared but with those that are kept.
  std::size_t kept = 0;
  std::vector<float> areas;
  for (std::size_t i = 0; i < boxes.size() && static_cast<std::int64_t>(kept) < max_detections;
       ++i) {
    const Candidate box = boxes[i];
    const float own_area = area(box);
    bool suppressed = false;
    for (std::size_t k = 0; k < kept && !suppressed; ++k) {
      if (class_agnostic || boxes[k].class_id == box.class_id) {
        const float common = overlap(boxes[k], box);
        suppressed = common / (areas[k] + own_area - common) > iou_threshold;
      }
    }
    if (!suppressed) {
      boxes[kept++] = box;
      areas.push_back(own_area);
    }
  }
  boxes.resize(kept);
}

WayBack way_back_x(const PreProcessingMetadata& metadata) noexcept {
  return {.pad = static_cast<float>(metadata.pad_left),
          .scale = static_cast<float>(metadata.scale_width),
          .offset = static_cast<float>(metadata.static_crop_offset.offset_x),
          .end = static_cast<float>(metadata.original_size.width)};
}

WayBack way_back_y(const PreProcessingMetadata& metadata) noexcept {
  return {.pad = static_cast<float>(metadata.pad_top),
          .scale = static_cast<float>(metadata.scale_height),
          .offset = static_cast<float>(metadata.static_crop_offset.offset_y),
          .end = static_cast<float>(metadata.original_size.height)};
}

Detections to_detections(const std::vector<Candidate>& boxes,
                         const PreProcessingMetadata& metadata) {
  const WayBack x = way_back_x(metadata);
  const WayBack y = way_back_y(metadata);
  Detections found;
  found.xyxy.reserve(boxes.size());
  found.class_id.reserve(boxes.size());
  found.confidence.reserve(boxes.size());
  for (const Candidate& box : boxes) {
    if (!has_sides(box)) {
      continue;
    }
    found.xyxy.push_back({within_image(box.left, x), within_image(box.top, y),
                          within_image(box.right, x), within_image(box.bottom, y)});
    found.class_id.push_back(box.class_id);
    found.confidence.push_back(box.confidence);
  }
  return found;
}

}  // namespace replayrt::models
