#pragma once

#include <cstddef>
#include <opencv2/core.hpp>
#include <span>

#include "planes.hpp"

namespace ocr {

constexpr std::size_t kLinesPerBatch = 6;
constexpr int kLineHeight = 48;  ///< What the classifier takes.

/// The width of a line that is scaled to kLineHeight, at most `max_width`.
int scaled_width(cv::Size crop, int max_width);

/// Scales the crops `order` names to the height 48 and writes them into `input`, one row of the
/// batch each, on the left of `width` columns.
void write_batch(std::span<const cv::Mat> crops, std::span<const std::size_t> order, int width,
                 InputBuffer& input);

}  // namespace ocr
