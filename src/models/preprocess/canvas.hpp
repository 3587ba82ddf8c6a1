#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <span>

#include "models/preprocess/placement.hpp"

namespace replayrt::models {

/// Resizes `picture` (CV_8UC3) as OpenCV's INTER_LINEAR does, and puts it where `placement` says on
/// `canvas` (CV_8UC3, of the placement's size, a view of somebody's memory). The border is left as
/// it is.
void put_picture(const cv::Mat& picture, const Placement& placement, cv::Mat& canvas);

/// Sets what `placement` leaves of the canvas to `value` in all channels.
void fill_border(const Placement& placement, std::uint8_t value, cv::Mat& canvas);

/// Mirrors the placed picture into the border, again and again if that is wide; the outermost row
/// and column are not repeated (numpy's and OpenCV's "reflect").
void reflect_border(const Placement& placement, cv::Mat& canvas);

/// Turns the order of the three channels around, in place.
void reverse_channels(cv::Mat& pixels);

/// What becomes of each of the 256 values of a u8, by channel of the network.
using ValueTable = std::array<std::array<float, 256>, 3>;

/// Writes `pixels` (CV_8UC3, rows x cols) as three planes of as many f32, one after the other:
/// plane c is channel c, or 2 - c if `reversed`, looked up in `table`. `planes` holds 3 * rows *
/// cols elements.
void write_planes(const cv::Mat& pixels, bool reversed, const ValueTable& table,
                  std::span<float> planes);

}  // namespace replayrt::models
