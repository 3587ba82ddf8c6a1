#include "reading_order.hpp"

#include <algorithm>

namespace ocr {
namespace {

constexpr float kSameLine = 10.0F;

}  // namespace

void sort_boxes(std::vector<Quad>& boxes) {
  const auto higher = [](const Quad& a, const Quad& b) { return a[0].y < b[0].y; };
  const auto further_left = [](const Quad& a, const Quad& b) { return a[0].x < b[0].x; };
  std::stable_sort(boxes.begin(), boxes.end(), higher);
  // A line ends where the next box starts clearly lower than the one before it.
  const auto next_line = [](const Quad& a, const Quad& b) { return b[0].y - a[0].y >= kSameLine; };
  for (auto line = boxes.begin(); line != boxes.end();) {
    auto end = std::adjacent_find(line, boxes.end(), next_line);
    end += end == boxes.end() ? 0 : 1;
    std::stable_sort(line, end, further_left);
    line = end;
  }
}

}  // namespace ocr
