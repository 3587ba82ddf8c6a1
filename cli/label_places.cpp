#include "label_places.hpp"

#include <algorithm>

namespace replayrt::cli {
namespace {

/// As `a & b`, which overflows for what lies far outside.
bool overlap(const cv::Rect& a, const cv::Rect& b) {
  return a.x < b.br().x && b.x < a.br().x && a.y < b.br().y && b.y < a.br().y;
}

}  // namespace

cv::Rect LabelPlaces::on_page(cv::Size field, cv::Point corner) const {
  const int x = std::max(0, std::min(corner.x, page_.width - field.width));
  const int y = std::max(0, std::min(corner.y, page_.height - field.height));
  return {{x, y}, field};
}

std::optional<cv::Rect> LabelPlaces::find(cv::Size field, std::span<const cv::Point> corners) {
  for (const cv::Point& corner : corners) {
    const cv::Rect place = on_page(field, corner);
    if (std::ranges::none_of(taken_, [&](const cv::Rect& of) { return overlap(of, place); })) {
      take(place);
      return place;
    }
  }
  return std::nullopt;
}

}  // namespace replayrt::cli
