#include "models/postprocess/text_boxes.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <polyclipping/clipper.hpp>

#include "replayrt/core/error.hpp"

namespace replayrt::models {
namespace {

constexpr float kLeastSide = 3;       // Of a region of the map.
constexpr float kLeastGrownSide = 5;  // Of the same region, grown.
constexpr int kTooShort = 3;          // A side of its box in the picture.

/// Corners clockwise from the top left one.
using Quad = std::array<cv::Point2f, 4>;

struct Rectangle {
  Quad corners{};
  float shorter_side = 0;
};

template <class Points>
Rectangle smallest_rectangle(const Points& points) {
  const cv::RotatedRect rectangle = cv::minAreaRect(points);
  Quad by_x;
  rectangle.points(by_x.data());
  std::stable_sort(by_x.begin(), by_x.end(),
                   [](cv::Point2f a, cv::Point2f b) { return a.x < b.x; });
  const std::size_t left_top = by_x[1].y > by_x[0].y ? 0 : 1;
  const std::size_t right_top = by_x[3].y > by_x[2].y ? 2 : 3;
  return {{by_x[left_top], by_x[right_top], by_x[5 - right_top], by_x[1 - left_top]},
          std::min(rectangle.size.width, rectangle.size.height)};
}

/// Mean probability inside of `corners`.
double mean_probability(const cv::Mat& probability, const Quad& corners) {
  const auto [left, right] =
      std::ranges::minmax_element(corners, {}, [](const cv::Point2f& corner) { return corner.x; });
  const auto [top, bottom] =
      std::ranges::minmax_element(corners, {}, [](const cv::Point2f& corner) { return corner.y; });
  const auto pixel = [](float position, int end) {
    return std::clamp(static_cast<int>(position), 0, end - 1);
  };
  const cv::Point from(pixel(std::floor(left->x), probability.cols),
                       pixel(std::floor(top->y), probability.rows));
  const cv::Point to(pixel(std::ceil(right->x), probability.cols),
                     pixel(std::ceil(bottom->y), probability.rows));
  cv::Mat mask = cv::Mat::zeros(to.y - from.y + 1, to.x - from.x + 1, CV_8U);
  std::vector<cv::Point> outline;
  for (const cv::Point2f& corner : corners) {
    const cv::Point2f moved = corner - cv::Point2f(from);
    outline.emplace_back(static_cast<int>(moved.x), static_cast<int>(moved.y));  // Cut off.
  }
  cv::fillPoly(mask, outline, cv::Scalar(1));
  return cv::mean(probability(cv::Rect(from, mask.size())), mask)[0];
}

/// The outline of `corners` moved outwards by area * ratio / circumference; of several parts the
/// largest, empty if there is none. The network shows text shrunken by as much.
std::vector<cv::Point2f> grown(const Quad& corners, double ratio) {
  double area = 0;
  double circumference = 0;
  ClipperLib::Path path;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const cv::Point2d a = corners[i];
    const cv::Point2d b = corners[(i + 1) % corners.size()];
    area += a.x * b.y - b.x * a.y;
    circumference += std::hypot(b.x - a.x, b.y - a.y);
    path.emplace_back(static_cast<ClipperLib::cInt>(a.x), static_cast<ClipperLib::cInt>(a.y));
  }
  if (circumference == 0) {
    return {};
  }
  ClipperLib::ClipperOffset offset;
  offset.AddPath(path, ClipperLib::jtRound, ClipperLib::etClosedPolygon);
  ClipperLib::Paths parts;
  offset.Execute(parts, std::abs(area) / 2 * ratio / circumference);
  std::vector<cv::Point2f> largest;
  double largest_area = -1;
  for (const ClipperLib::Path& part : parts) {
    std::vector<cv::Point2f> outline;
    for (const ClipperLib::IntPoint& point : part) {
      outline.emplace_back(static_cast<float>(point.X), static_cast<float>(point.Y));
    }
    if (const double part_area = cv::contourArea(outline); part_area > largest_area) {
      largest_area = part_area;
      largest = std::move(outline);
    }
  }
  return largest;
}

int length(cv::Point2f a, cv::Point2f b) {
  const cv::Point2f way = b - a;
  return static_cast<int>(std::sqrt(way.x * way.x + way.y * way.y));
}

/// From the map to the picture, within it.
Quad scaled(const Quad& corners, ImageSize map, ImageSize picture) {
  const auto moved = [](float value, std::int64_t from, std::int64_t to) {
    const auto end = static_cast<float>(to);
    return std::clamp(value / static_cast<float>(from) * end, 0.0F, end);
  };
  Quad result;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    result[i] = {moved(corners[i].x, map.width, picture.width),
                 moved(corners[i].y, map.height, picture.height)};
  }
  return result;
}

std::optional<TextBox> box_of(const std::vector<cv::Point>& contour, const cv::Mat& probability,
                              ImageSize picture, const TextDetectionConfig& config) {
  const Rectangle text = smallest_rectangle(contour);
  if (text.shorter_side < kLeastSide) {
    return std::nullopt;
  }
  const double score = mean_probability(probability, text.corners);
  if (score < config.box_thresh) {
    return std::nullopt;
  }
  const std::vector<cv::Point2f> outline = grown(text.corners, config.unclip_ratio);
  if (outline.empty()) {
    return std::nullopt;
  }
  const Rectangle whole = smallest_rectangle(outline);
  if (whole.shorter_side < kLeastGrownSide) {
    return std::nullopt;
  }
  const Quad box = scaled(whole.corners, {probability.rows, probability.cols}, picture);
  if (length(box[0], box[1]) <= kTooShort || length(box[0], box[3]) <= kTooShort) {
    return std::nullopt;
  }
  TextBox result{.corners = {}, .score = score};
  for (std::size_t i = 0; i < box.size(); ++i) {
    result.corners[i] = {static_cast<std::int32_t>(box[i].x), static_cast<std::int32_t>(box[i].y)};
  }
  return result;
}

std::vector<std::vector<cv::Point>> contours_of(const cv::Mat& probability,
                                                const TextDetectionConfig& config) {
  cv::Mat text;
  cv::compare(probability, config.thresh, text, cv::CMP_GT);
  if (config.use_dilation) {
    cv::dilate(text, text, cv::Mat::ones(2, 2, CV_8U));
  }
  std::vector<std::vector<cv::Point>> contours;
  cv::findContours(text, contours, cv::RETR_LIST, cv::CHAIN_APPROX_SIMPLE);
  return contours;
}

}  // namespace

std::vector<TextBox> find_text_boxes(std::span<const float> probability, ImageSize map,
                                     ImageSize picture, const TextDetectionConfig& config) {
  // OpenCV takes no const; nothing writes to it.
  const cv::Mat values(static_cast<int>(map.height), static_cast<int>(map.width), CV_32F,
                       const_cast<float*>(probability.data()));
  try {
    std::vector<std::vector<cv::Point>> contours = contours_of(values, config);
    contours.resize(std::min(contours.size(), static_cast<std::size_t>(config.max_candidates)));
    std::vector<TextBox> boxes;
    for (const std::vector<cv::Point>& contour : contours) {
      if (const std::optional<TextBox> box = box_of(contour, values, picture, config)) {
        boxes.push_back(*box);
      }
    }
    return boxes;
  } catch (const cv::Exception& exception) {
    throw exception.code == cv::Error::StsNoMem
        ? Error(ErrorCode::kOutOfMemory, "no memory to find text in a map of probabilities")
        : Error(ErrorCode::kModelRuntime, "no text can be found in a map: " + exception.err);
  }
}

}  // namespace replayrt::models
