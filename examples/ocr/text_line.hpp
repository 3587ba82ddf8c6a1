#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <string>

namespace ocr {

/// The corners of a text box, clockwise from the top left one.
using Quad = std::array<cv::Point2f, 4>;

/// One line of text that was read in a picture.
struct TextLine {
  Quad box{};  ///< In pixels of the picture.
  std::string text;
  double confidence = 0.0;  ///< Mean probability of the characters.
};

}  // namespace ocr
