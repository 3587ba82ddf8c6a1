#include "models/postprocess/map_frame.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "replayrt/core/error.hpp"

namespace replayrt::models {
namespace {

/// A side of a map or a picture.
struct Extent {
  std::int64_t first = 0;
  std::int64_t length = 0;
};

/// What is left of `map` elements of which `before` and `after` of the network's `input` pixels are
/// border.
Extent without_border(std::int64_t map, std::int64_t input, std::int64_t before,
                      std::int64_t after) {
  const double scale = static_cast<double>(map) / static_cast<double>(input);
  // nearbyint: halves go to the even neighbour, as Python rounds.
  const auto elements = [&](std::int64_t pixels) {
    return static_cast<std::int64_t>(std::nearbyint(scale * static_cast<double>(pixels)));
  };
  const std::int64_t first = std::min(elements(before), map - 1);
  return {first, std::max<std::int64_t>(map - first - elements(after), 1)};
}

std::int64_t cut_off(std::int64_t pad) {
  return std::max<std::int64_t>(-pad, 0);
}

/// Records are the caller's between pre_process and post_process, and sizes become memory here.
bool is_sound(const PreProcessingMetadata& metadata) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  const auto fits = [&](std::int64_t low, std::initializer_list<std::int64_t> values) {
    return std::ranges::all_of(values,
                               [&](std::int64_t value) { return low <= value && value <= kMost; });
  };
  const auto& crop = metadata.static_crop_offset;
  const ImageSize& cropped = metadata.size_after_pre_processing;
  return fits(1, {metadata.original_size.height, metadata.original_size.width, cropped.height,
                  cropped.width, metadata.inference_size.height, metadata.inference_size.width}) &&
         fits(-kMost,
              {metadata.pad_left, metadata.pad_top, metadata.pad_right, metadata.pad_bottom}) &&
         fits(0, {crop.offset_x, crop.offset_y}) &&
         crop.offset_y + cropped.height <= metadata.original_size.height &&
         crop.offset_x + cropped.width <= metadata.original_size.width &&
         cut_off(metadata.pad_top) + cut_off(metadata.pad_bottom) < cropped.height &&
         cut_off(metadata.pad_left) + cut_off(metadata.pad_right) < cropped.width;
}

}  // namespace

MapFrame map_frame(ImageSize map, const PreProcessingMetadata& metadata,
                   bool reference_compatible) {
  if (!is_sound(metadata)) {
    throw Error(ErrorCode::kModelInput,
                "the metadata of a picture does not fit together: expected what pre_process made");
  }
  const auto border = [&](std::int64_t pad) {
    return reference_compatible ? pad : std::max<std::int64_t>(pad, 0);
  };
  const Extent rows = without_border(map.height, metadata.inference_size.height,
                                     border(metadata.pad_top), border(metadata.pad_bottom));
  const Extent columns = without_border(map.width, metadata.inference_size.width,
                                        border(metadata.pad_left), border(metadata.pad_right));
  MapFrame frame{.source = {columns.first, rows.first, {rows.length, columns.length}},
                 .target = {.size = metadata.size_after_pre_processing},
                 .size = metadata.original_size};
  if (!reference_compatible) {
    frame.target.left = cut_off(metadata.pad_left);
    frame.target.top = cut_off(metadata.pad_top);
    frame.target.size.height -= frame.target.top + cut_off(metadata.pad_bottom);
    frame.target.size.width -= frame.target.left + cut_off(metadata.pad_right);
  }
  const auto& crop = metadata.static_crop_offset;
  if (reference_compatible && crop.offset_x == 0 && crop.offset_y == 0) {
    frame.size = metadata.size_after_pre_processing;
  }
  frame.target.left += crop.offset_x;
  frame.target.top += crop.offset_y;
  return frame;
}

}  // namespace replayrt::models
