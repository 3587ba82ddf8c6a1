#pragma once

#include <opencv2/core/types.hpp>
#include <optional>
#include <span>
#include <vector>

namespace replayrt::cli {

/// Where labels go on a page, so that none hides another.
class LabelPlaces {
 public:
  explicit LabelPlaces(cv::Size page) : page_(page) {}

  /// The field of this size at `corner`, its upper left one, moved into the page as far as it fits.
  [[nodiscard]] cv::Rect on_page(cv::Size field, cv::Point corner) const;

  /// Keeps what lies here from being hidden.
  void take(const cv::Rect& place) { taken_.push_back(place); }

  /// Takes the first of the places at `corners` that is free; none if there is no such.
  std::optional<cv::Rect> find(cv::Size field, std::span<const cv::Point> corners);

 private:
  cv::Size page_;
  std::vector<cv::Rect> taken_;
};

}  // namespace replayrt::cli
