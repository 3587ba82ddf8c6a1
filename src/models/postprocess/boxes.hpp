#pragma once

#include <cstdint>
#include <vector>

#include "replayrt/models/pre_processing.hpp"
#include "replayrt/models/result.hpp"

namespace replayrt::models {

/// A box on the network's canvas, in pixels, and what it is.
struct Candidate {
  float left = 0;
  float top = 0;
  float right = 0;
  float bottom = 0;
  float confidence = 0;
  std::int32_t class_id = 0;
  std::int64_t row = 0;  ///< Which row of the network's output it was.
};

/// Whether every side is a number, infinity included.
bool has_sides(const Candidate& box) noexcept;

/// The box of which the network gives middle and size.
inline Candidate from_center(float x, float y, float width, float height) noexcept {
  const float half_width = width / 2;
  const float half_height = height / 2;
  return {.left = x - half_width,
          .top = y - half_height,
          .right = x + half_width,
          .bottom = y + half_height};
}

/// A box whose sides are parts of the canvas, in pixels.
inline Candidate on_canvas(Candidate parts, ImageSize canvas) noexcept {
  const auto width = static_cast<float>(canvas.width);
  const auto height = static_cast<float>(canvas.height);
  parts.left *= width;
  parts.top *= height;
  parts.right *= width;
  parts.bottom *= height;
  return parts;
}

/// Non-maximum suppression of `boxes`, which are sorted by descending confidence first (equal ones
/// keep their order): a box goes if a kept one of its class (of any class if `class_agnostic`)
/// overlaps it by more than `iou_threshold`; at most `max_detections` stay. Areas are width times
/// height. Unlike torchvision's `batched_nms` it compares classes instead of moving boxes apart,
/// which rounds them.
void suppress(std::vector<Candidate>& boxes, float iou_threshold, bool class_agnostic,
              std::int64_t max_detections);

/// The way back along one axis, from the canvas to the image that was given, in f32.
struct WayBack {
  float pad;
  float scale;
  float offset;
  float end;  ///< The image's width or height.

  /// Padding off, scale undone, crop's offset on. May lie outside of the image.
  [[nodiscard]] float operator()(float value) const noexcept {
    return (value - pad) / scale + offset;
  }
};
WayBack way_back_x(const PreProcessingMetadata& metadata) noexcept;
WayBack way_back_y(const PreProcessingMetadata& metadata) noexcept;

/// From the canvas back to the image that was given: padding off, scale undone, crop's offset on,
/// cut to the image, in f32; then rounded, halves to even. Boxes that have a NaN side are left out.
Detections to_detections(const std::vector<Candidate>& boxes,
                         const PreProcessingMetadata& metadata);

}  // namespace replayrt::models
