#include "models/preprocess/pillow_resize.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <opencv2/core.hpp>
#include <span>

#include "models/triangle_filter.hpp"

namespace replayrt::models {
namespace {

constexpr int kChannels = 3;
/// Of a weight. A sum of weighted bytes keeps two bits of 32 free.
constexpr int kPrecisionBits = 32 - 8 - 2;
constexpr std::int32_t kHalf = 1 << (kPrecisionBits - 1);

/// `sum` is of bytes whose weights were rounded to add up to one. They miss it by 2^11 of 2^22 at
/// most, where each of a window's 4096 is rounded the same way; 255 is first exceeded at 2^13.
std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(sum >> kPrecisionBits);
}

/// Weights are whole numbers, parts of 2^22.
class Filter : public TriangleFilter<double, std::int32_t> {
 public:
  Filter(int source_extent, int extent)
      : TriangleFilter(source_extent, extent, [](double weight) {
          return static_cast<std::int32_t>(std::floor(0.5 + weight * (1 << kPrecisionBits)));
        }) {}
};

/// Resizes the rows: `destination` has as many.
void resize_across(const cv::Mat& source, cv::Mat& destination) {
  const Filter filter(source.cols, destination.cols);
  for (int y = 0; y < destination.rows; ++y) {
    const std::uint8_t* const row = source.ptr<std::uint8_t>(y);
    std::uint8_t* out = destination.ptr<std::uint8_t>(y);
    for (int x = 0; x < destination.cols; ++x, out += kChannels) {
      const Filter::Window window = filter.window(x);
      const std::uint8_t* pixel = row + window.first * kChannels;
      std::int32_t red = kHalf;
      std::int32_t green = kHalf;
      std::int32_t blue = kHalf;
      for (const std::int32_t weight : window.weights) {
        red += pixel[0] * weight;
        green += pixel[1] * weight;
        blue += pixel[2] * weight;
        pixel += kChannels;
      }
      out[0] = to_byte(red);
      out[1] = to_byte(green);
      out[2] = to_byte(blue);
    }
  }
}

/// Makes `Count` bytes, of as many columns, at `out`. The number is fixed so that the compiler
/// keeps the sums in vector registers.
template <std::size_t Count>
void blend_rows(const std::uint8_t* first_row, std::size_t step,
                std::span<const std::int32_t> weights, std::uint8_t* out) {
  std::array<std::int32_t, Count> sums;
  sums.fill(kHalf);
  for (const std::int32_t weight : weights) {
    for (std::size_t i = 0; i < Count; ++i) {
      sums[i] += first_row[i] * weight;
    }
    first_row += step;
  }
  for (std::size_t i = 0; i < Count; ++i) {
    out[i] = to_byte(sums[i]);
  }
}

/// Resizes the columns: `destination` has as many.
void resize_down(const cv::Mat& source, cv::Mat& destination) {
  constexpr std::size_t kBlock = 16;
  const Filter filter(source.rows, destination.rows);
  const std::size_t row_bytes = static_cast<std::size_t>(destination.cols) * kChannels;
  for (int y = 0; y < destination.rows; ++y) {
    const Filter::Window window = filter.window(y);
    const std::uint8_t* const rows = source.ptr<std::uint8_t>(static_cast<int>(window.first));
    std::uint8_t* const out = destination.ptr<std::uint8_t>(y);
    std::size_t x = 0;
    for (; x + kBlock <= row_bytes; x += kBlock) {
      blend_rows<kBlock>(rows + x, source.step, window.weights, out + x);
    }
    for (; x < row_bytes; ++x) {
      blend_rows<1>(rows + x, source.step, window.weights, out + x);
    }
  }
}

}  // namespace

void resize_like_pillow(const cv::Mat& source, cv::Mat& destination) {
  CV_Assert(source.type() == CV_8UC3 && source.dims <= 2);
  CV_Assert(destination.type() == CV_8UC3 && destination.dims <= 2);
  if (source.empty() || destination.empty()) {
    return;
  }
  const bool across = source.cols != destination.cols;
  const bool down = source.rows != destination.rows;
  if (across && down) {
    // Pillow's Image.resize shortens what is very tall first, for speed; the bytes in between are
    // other ones then. (Rows that the second pass does not need, which Pillow leaves out of the
    // first, there are none of: the windows cover the whole side.)
    const bool is_very_tall = source.rows > std::int64_t{100} * source.cols;
    if (is_very_tall && destination.rows < source.rows) {
      cv::Mat shortened(destination.rows, source.cols, CV_8UC3);
      resize_down(source, shortened);
      resize_across(shortened, destination);
    } else {
      cv::Mat narrowed(source.rows, destination.cols, CV_8UC3);
      resize_across(source, narrowed);
      resize_down(narrowed, destination);
    }
  } else if (across) {
    resize_across(source, destination);
  } else if (down) {
    resize_down(source, destination);
  } else {
    const std::size_t row_bytes = static_cast<std::size_t>(source.cols) * kChannels;
    for (int y = 0; y < source.rows; ++y) {
      std::memcpy(destination.ptr(y), source.ptr(y), row_bytes);
    }
  }
}

}  // namespace replayrt::models
