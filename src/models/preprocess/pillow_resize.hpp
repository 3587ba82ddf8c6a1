#pragma once

#include <opencv2/core/mat.hpp>

namespace replayrt::models {

/// Resizes `source` to the size of `destination`, both CV_8UC3 of any step, as Pillow up to 12 does
/// for RGB with `Image.resize(size, BILINEAR)`, byte by byte: a triangle filter that widens with
/// the scale where the picture shrinks, with coefficients of 22 bits, along the rows to whole bytes
/// first, then along the columns; a side that keeps its length is not filtered. The columns come
/// first where the source is more than 100 times as high as wide and gets lower (as in Pillow's
/// Python code).
///
/// `destination` is written in place, not reallocated: it may be a view into a larger picture. The
/// two must not overlap. Nothing is written if either has no pixels (Pillow raises). Throws
/// cv::Exception for other types. Thread-safe as long as nothing else writes to the two.
void resize_like_pillow(const cv::Mat& source, cv::Mat& destination);

}  // namespace replayrt::models
