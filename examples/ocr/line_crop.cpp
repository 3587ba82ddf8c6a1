#include "line_crop.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace ocr {
namespace {

constexpr double kTall = 1.5;

float side(cv::Point2f a, cv::Point2f b) {
  return std::sqrt((b - a).dot(b - a));
}

bool is_upright(const Quad& box) {
  return box[0].y == box[1].y && box[1].x == box[2].x && box[2].y == box[3].y &&
         box[3].x == box[0].x;
}

cv::Mat straightened(const cv::Mat& picture, const Quad& box) {
  const auto width = static_cast<int>(std::max(side(box[0], box[1]), side(box[2], box[3])));
  const auto height = static_cast<int>(std::max(side(box[0], box[3]), side(box[1], box[2])));
  if (is_upright(box)) {
    // The projection would be the identity: no pixel is copied.
    return picture(cv::Rect(cv::Point(box[0]), cv::Size(width, height)));
  }
  const auto right = static_cast<float>(width);
  const auto bottom = static_cast<float>(height);
  const Quad target{cv::Point2f{0, 0}, {right, 0}, {right, bottom}, {0, bottom}};
  const cv::Mat projection = cv::getPerspectiveTransform(box.data(), target.data());
  cv::Mat crop;
  cv::warpPerspective(picture, crop, projection, cv::Size(width, height), cv::INTER_CUBIC,
                      cv::BORDER_REPLICATE);
  return crop;
}

}  // namespace

cv::Mat crop_line(const cv::Mat& picture, const Quad& box) {
  cv::Mat crop = straightened(picture, box);
  if (static_cast<double>(crop.rows) / crop.cols >= kTall) {
    cv::Mat turned;
    cv::rotate(crop, turned, cv::ROTATE_90_COUNTERCLOCKWISE);
    return turned;
  }
  return crop;
}

double width_per_height(const cv::Mat& crop) {
  return static_cast<double>(crop.cols) / crop.rows;
}

std::vector<std::size_t> order_by_shape(std::span<const cv::Mat> crops) {
  std::vector<std::size_t> order(crops.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return width_per_height(crops[a]) < width_per_height(crops[b]);
  });
  return order;
}

}  // namespace ocr
