#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <vector>

#include "replayrt/models/result.hpp"

namespace replayrt::cli {

/// Blue, green and red of a class: the same in every picture and run, and told apart from those of
/// the classes near it.
std::array<std::uint8_t, 3> class_color(std::int64_t class_id) noexcept;

// Each colours pixels of `page`, a BGR picture; a map of another size leaves it as it is.

/// Blends the pixels of `mask` with a colour; it may be of a lower resolution than the page. Gives
/// its edges as lines through pixels of the page.
std::vector<std::vector<cv::Point>> tint_mask(cv::Mat& page, const RleMask& mask,
                                              const std::array<std::uint8_t, 3>& color);

/// Blends every pixel with the colour of its class, but for those of `background`.
void tint_segments(cv::Mat& page, const SemanticSegmentationResult& found,
                   std::optional<std::int64_t> background);

/// From blue, the least depth, to red; pixels of depth 0, which no network has seen, stay.
void color_depth(cv::Mat& page, const DepthMap& found);

}  // namespace replayrt::cli
