#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <span>
#include <vector>

#include "text_line.hpp"

namespace ocr {

/// The inside of `box`, straightened; turned left if it is at least 1.5 times as high as wide. May
/// share memory with `picture`: do not write to it.
cv::Mat crop_line(const cv::Mat& picture, const Quad& box);

double width_per_height(const cv::Mat& crop);

/// Positions of `crops` from the narrowest to the widest, so that a batch holds crops of like
/// shape.
std::vector<std::size_t> order_by_shape(std::span<const cv::Mat> crops);

}  // namespace ocr
