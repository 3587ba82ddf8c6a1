#pragma once

#include <opencv2/core.hpp>
#include <span>

#include "text_line.hpp"

namespace ocr {

/// The picture with its boxes on the left, the text that was read in them on the right. OpenCV's
/// own font draws printable ASCII; other characters become their nearest look-alike or a question
/// mark.
cv::Mat draw_lines(const cv::Mat& bgr, std::span<const TextLine> lines);

}  // namespace ocr
