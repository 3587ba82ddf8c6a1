#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "text_line.hpp"

namespace ocr {

/// How a map of text probabilities becomes boxes (differentiable binarization).
struct BoxOptions {
  float pixel_threshold = 0.3F;    ///< A pixel above it is text.
  double box_threshold = 0.5;      ///< A box below this mean probability is dropped.
  double unclip_ratio = 1.6;       ///< How far boxes grow: the model predicts shrunken text.
  std::size_t max_regions = 1000;  ///< Regions looked at.
};

/// The text boxes in `probability` (CV_32F), scaled to a picture of `picture` pixels, in no order.
std::vector<Quad> find_text_boxes(const cv::Mat& probability, cv::Size picture,
                                  const BoxOptions& options = {});

/// Sorts into reading order: from top to bottom, and from left to right where boxes follow each
/// other with less than 10 pixels between their tops.
void sort_boxes(std::vector<Quad>& boxes);

/// Corners in any order -> clockwise from the top left one.
Quad clockwise(Quad corners);

}  // namespace ocr
