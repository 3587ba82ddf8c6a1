#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "models/preprocess/placement.hpp"

namespace replayrt::models {

/// The most pixels of a page that a text detector is given: what needs more is mostly a stripe that
/// is enlarged until its shorter side is long enough, and takes gigabytes.
inline constexpr std::int64_t kMostPagePixels = std::int64_t{1} << 24;

/// The size at which text is looked for in a picture of `image` pixels: a ratio by `config`, then
/// both sides to the nearest multiple of 32 (halves to even), at least 32. `name` is what messages
/// call the picture. Throws Error(kModelInput) if that is more than `kMostPagePixels`.
ImageSize text_page_size(const TextDetectionConfig& config, ImageSize image,
                         const std::string& name);

/// The width that lines of text have in common for the network, each scaled to the height of
/// `line`: that of the widest, at least `line`'s, at most `kMostLineWidth`.
std::int64_t text_line_width(std::span<const ImageSize> images, ImageSize line);

/// A line scaled to the height of the canvas, on its left; squeezed if it is wider.
Placement place_text_line(ImageSize image, ImageSize canvas);

}  // namespace replayrt::models
