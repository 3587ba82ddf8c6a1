#pragma once

#include <vector>

#include "text_line.hpp"

namespace ocr {

/// Sorts into reading order: from top to bottom, and from left to right where boxes follow each
/// other with less than 10 pixels between their tops.
void sort_boxes(std::vector<Quad>& boxes);

}  // namespace ocr
