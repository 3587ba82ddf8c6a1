#include "text_boxes.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <polyclipping/clipper.hpp>

namespace ocr {
namespace {

constexpr float kMinSide = 3.0F;         // Of a region of the map.
constexpr float kMinGrownSide = 5.0F;    // Of the same region, grown.
constexpr float kMinPictureSide = 4.0F;  // Of its box in the picture.
constexpr float kSameLine = 10.0F;

struct Region {
  Quad corners{};
  float shorter_side = 0.0F;
};

bool left_of(cv::Point2f a, cv::Point2f b) {
  return a.x < b.x;
}
bool above(cv::Point2f a, cv::Point2f b) {
  return a.y < b.y;
}

Region smallest_rectangle(const std::vector<cv::Point>& points) {
  const cv::RotatedRect rectangle = cv::minAreaRect(points);
  Region region;
  rectangle.points(region.corners.data());
  region.corners = clockwise(region.corners);
  region.shorter_side = std::min(rectangle.size.width, rectangle.size.height);
  return region;
}

/// Mean probability inside of `corners`.
double mean_probability(const cv::Mat& probability, const Quad& corners) {
  const auto [left, right] = std::minmax_element(corners.begin(), corners.end(), left_of);
  const auto [top, bottom] = std::minmax_element(corners.begin(), corners.end(), above);
  const auto column = [&](float x) {
    return std::clamp(static_cast<int>(x), 0, probability.cols - 1);
  };
  const auto row = [&](float y) {
    return std::clamp(static_cast<int>(y), 0, probability.rows - 1);
  };
  const cv::Point from(column(std::floor(left->x)), row(std::floor(top->y)));
  const cv::Point to(column(std::ceil(right->x)), row(std::ceil(bottom->y)));

  cv::Mat mask = cv::Mat::zeros(to.y - from.y + 1, to.x - from.x + 1, CV_8U);
  std::vector<cv::Point> outline;
  for (const cv::Point2f& corner : corners) {
    const cv::Point2f moved = corner - cv::Point2f(from);
    outline.emplace_back(static_cast<int>(moved.x), static_cast<int>(moved.y));
  }
  cv::fillPoly(mask, outline, cv::Scalar(1));
  return cv::mean(probability(cv::Rect(from, mask.size())), mask)[0];
}

/// The outline of `corners` moved outwards by area * ratio / circumference; empty if nothing is
/// left.
std::vector<cv::Point> unclip(const Quad& corners, double ratio) {
  double area = 0.0;
  double circumference = 0.0;
  ClipperLib::Path path;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const cv::Point2d a = corners[i];
    const cv::Point2d b = corners[(i + 1) % corners.size()];
    area += a.x * b.y - b.x * a.y;
    circumference += std::hypot(b.x - a.x, b.y - a.y);
    path.emplace_back(static_cast<ClipperLib::cInt>(a.x), static_cast<ClipperLib::cInt>(a.y));
  }
  const double distance = std::abs(area) / 2.0 * ratio / circumference;

  ClipperLib::ClipperOffset offset;
  offset.AddPath(path, ClipperLib::jtRound, ClipperLib::etClosedPolygon);
  ClipperLib::Paths grown;
  offset.Execute(grown, distance);
  std::vector<cv::Point> outline;
  for (const ClipperLib::Path& part : grown) {
    for (const ClipperLib::IntPoint& point : part) {
      outline.emplace_back(static_cast<int>(point.X), static_cast<int>(point.Y));
    }
  }
  return outline;
}

float length(cv::Point2f a, cv::Point2f b) {
  return std::hypot(b.x - a.x, b.y - a.y);
}

/// From the map to the picture: whole pixels, all inside.
Quad to_picture(const Quad& corners, cv::Size map, cv::Size picture) {
  const auto scale = [](float value, int from, int to) {
    const float moved = std::nearbyint(value / static_cast<float>(from) * static_cast<float>(to));
    return std::clamp(moved, 0.0F, static_cast<float>(to - 1));
  };
  Quad result;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    result[i] = {scale(corners[i].x, map.width, picture.width),
                 scale(corners[i].y, map.height, picture.height)};
  }
  return clockwise(result);
}

std::optional<Quad> box_of(const std::vector<cv::Point>& contour, const cv::Mat& probability,
                           cv::Size picture, const BoxOptions& options) {
  const Region text = smallest_rectangle(contour);
  if (text.shorter_side < kMinSide ||
      mean_probability(probability, text.corners) < options.box_threshold) {
    return std::nullopt;
  }
  const std::vector<cv::Point> outline = unclip(text.corners, options.unclip_ratio);
  if (outline.empty()) {
    return std::nullopt;
  }
  const Region grown = smallest_rectangle(outline);
  if (grown.shorter_side < kMinGrownSide) {
    return std::nullopt;
  }
  const Quad box = to_picture(grown.corners, probability.size(), picture);
  if (length(box[0], box[1]) < kMinPictureSide || length(box[0], box[3]) < kMinPictureSide) {
    return std::nullopt;
  }
  return box;
}

}  // namespace

std::vector<Quad> find_text_boxes(const cv::Mat& probability, cv::Size picture,
                                  const BoxOptions& options) {
  cv::Mat text;
  cv::compare(probability, options.pixel_threshold, text, cv::CMP_GT);
  cv::dilate(text, text, cv::Mat::ones(2, 2, CV_8U));
  std::vector<std::vector<cv::Point>> contours;
  cv::findContours(text, contours, cv::RETR_LIST, cv::CHAIN_APPROX_SIMPLE);
  contours.resize(std::min(contours.size(), options.max_regions));

  std::vector<Quad> boxes;
  for (const std::vector<cv::Point>& contour : contours) {
    if (const std::optional<Quad> box = box_of(contour, probability, picture, options)) {
      boxes.push_back(*box);
    }
  }
  return boxes;
}

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

Quad clockwise(Quad corners) {
  std::stable_sort(corners.begin(), corners.end(), left_of);
  if (corners[1].y < corners[0].y) {
    std::swap(corners[0], corners[1]);
  }
  if (corners[3].y < corners[2].y) {
    std::swap(corners[2], corners[3]);
  }
  return {corners[0], corners[2], corners[3], corners[1]};
}

}  // namespace ocr
