#include "models/preprocess/adaptive_equalization.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

// NumPy's types are part of the result: what is float here is float32 there, what is double is
// float64, and each step is rounded as written. Do not build this file with contraction to FMA.
namespace replayrt::models {
namespace {

constexpr double kClipLimit = 0.03;
constexpr int kTilesPerSide = 8;
/// Brightness is mapped to 2^14 levels.
constexpr int kMaxLevel = (1 << 14) - 1;
constexpr std::size_t kLuminanceBins = 256;
/// scikit-image's is one more than 2^14 / 256, so that the last bins stay empty.
constexpr int kLevelsPerBin = 1 + (1 << 14) / static_cast<int>(kLuminanceBins);

/// The V of HSV of each pixel.
cv::Mat brightness_of(const cv::Mat& image) {
  cv::Mat brightness(image.rows, image.cols, CV_8UC1);
  for (int y = 0; y < image.rows; ++y) {
    const std::uint8_t* pixel = image.ptr<std::uint8_t>(y);
    std::uint8_t* const out = brightness.ptr<std::uint8_t>(y);
    for (int x = 0; x < image.cols; ++x, pixel += 3) {
      out[x] = std::max({pixel[0], pixel[1], pixel[2]});
    }
  }
  return brightness;
}

/// Replaces each brightness by its bin among those from the darkest to the brightest.
void replace_by_bins(cv::Mat& brightness) {
  std::array<bool, 256> present{};
  for (int y = 0; y < brightness.rows; ++y) {
    const std::uint8_t* const row = brightness.ptr<std::uint8_t>(y);
    for (int x = 0; x < brightness.cols; ++x) {
      present[row[x]] = true;
    }
  }
  // Of 16 bits: 65535 for 255.
  std::array<double, 256> wide{};
  double darkest = 65535;
  double brightest = 0;
  for (std::size_t value = 0; value < wide.size(); ++value) {
    wide[value] = 257.0 * static_cast<double>(value);
    if (present[value]) {
      darkest = std::min(darkest, wide[value]);
      brightest = std::max(brightest, wide[value]);
    }
  }
  std::array<std::uint8_t, 256> bins{};
  for (std::size_t value = 0; value < bins.size(); ++value) {
    if (present[value]) {
      // A constant is not scaled but clipped.
      const double level = darkest == brightest
                               ? std::min<double>(wide[value], kMaxLevel)
                               : (wide[value] - darkest) / (brightest - darkest) * kMaxLevel;
      bins[value] = static_cast<std::uint8_t>(static_cast<int>(std::rint(level)) / kLevelsPerBin);
    }
  }
  for (int y = 0; y < brightness.rows; ++y) {
    std::uint8_t* const row = brightness.ptr<std::uint8_t>(y);
    for (int x = 0; x < brightness.cols; ++x) {
      row[x] = bins[row[x]];
    }
  }
}

using TileHistogram = std::array<std::int64_t, kLuminanceBins>;

/// Clips the histogram at `limit` and spreads what was above over the bins below.
void clip(TileHistogram& histogram, std::int64_t limit) {
  std::int64_t excess = 0;
  for (std::int64_t& count : histogram) {
    excess += std::max<std::int64_t>(count - limit, 0);
    count = std::min(count, limit);
  }
  const std::int64_t share = excess / static_cast<std::int64_t>(kLuminanceBins);
  for (std::int64_t& count : histogram) {
    if (count < limit - share) {
      count += share;
      excess -= share;
    }
    // Also those that have just come so close to the limit.
    if (count >= limit - share && count < limit) {
      excess -= limit - count;
      count = limit;
    }
  }
  const auto is_below = [limit](std::int64_t count) { return count < limit; };
  std::int64_t below = std::count_if(histogram.begin(), histogram.end(), is_below);
  // One each to bins spread over the histogram, from a later bin on each time. scikit-image goes on
  // until a whole round changes nothing; without a bin below the limit it would be that one.
  while (excess > 0 && below > 0) {
    for (std::size_t first = 0; first < kLuminanceBins && excess > 0 && below > 0; ++first) {
      const auto step = static_cast<std::size_t>(std::max<std::int64_t>(1, below / excess));
      for (std::size_t bin = first; bin < kLuminanceBins; bin += step) {
        if (is_below(histogram[bin])) {
          ++histogram[bin];
          --excess;
          below -= is_below(histogram[bin]) ? 0 : 1;
        }
      }
    }
  }
}

/// How the picture is cut into tiles along one side.
struct Axis {
  explicit Axis(int extent)
      : tile_size(std::max(extent / kTilesPerSide, 1)),
        tiles((extent + tile_size - 1) / tile_size) {}

  /// Between which tiles' centers a pixel lies, and how far it is from the first.
  struct Place {
    std::size_t before = 0;
    std::size_t after = 0;
    double share_after = 0;
  };

  [[nodiscard]] Place place_of(int pixel) const {
    const int from_center = pixel + tile_size / 2;
    const int after = from_center / tile_size;
    return {.before = static_cast<std::size_t>(std::max(after - 1, 0)),
            .after = static_cast<std::size_t>(std::min(after, tiles - 1)),
            .share_after = static_cast<double>(from_center % tile_size) / tile_size};
  }

  int tile_size;
  int tiles;
};

/// To which level each bin is mapped, by tile.
class TileMaps {
 public:
  using Map = std::array<float, kLuminanceBins>;

  TileMaps(const cv::Mat& bins, const Axis& across, const Axis& down)
      : across_(static_cast<std::size_t>(across.tiles)),
        maps_(across_ * static_cast<std::size_t>(down.tiles)) {
    const std::int64_t pixels = static_cast<std::int64_t>(across.tile_size) * down.tile_size;
    const auto limit =
        static_cast<std::int64_t>(std::max(kClipLimit * static_cast<double>(pixels), 1.0));
    const double levels_per_pixel = static_cast<double>(kMaxLevel) / static_cast<double>(pixels);
    auto map = maps_.begin();
    for (int row = 0; row < down.tiles; ++row) {
      for (int column = 0; column < across.tiles; ++column, ++map) {
        TileHistogram histogram = count(bins, {column * across.tile_size, row * down.tile_size,
                                               across.tile_size, down.tile_size});
        clip(histogram, limit);
        std::int64_t up_to_bin = 0;
        for (std::size_t bin = 0; bin < kLuminanceBins; ++bin) {
          up_to_bin += histogram[bin];
          const double level = static_cast<double>(up_to_bin) * levels_per_pixel;
          (*map)[bin] = static_cast<float>(std::floor(std::min<double>(level, kMaxLevel)));
        }
      }
    }
  }

  [[nodiscard]] const Map* row(std::size_t tile_row) const {
    return maps_.data() + tile_row * across_;
  }

 private:
  static TileHistogram count(const cv::Mat& bins, const cv::Rect& tile) {
    // What a tile has beyond the picture mirrors it. That is less than a tile, and tiles of more
    // than one pixel are no more than an eighth of the side: one reflection is enough.
    const auto reflected = [](int at, int extent) {
      return at < extent ? at : 2 * (extent - 1) - at;
    };
    TileHistogram histogram{};
    for (int y = tile.y; y < tile.y + tile.height; ++y) {
      const std::uint8_t* const row = bins.ptr<std::uint8_t>(reflected(y, bins.rows));
      for (int x = tile.x; x < tile.x + tile.width; ++x) {
        ++histogram[row[reflected(x, bins.cols)]];
      }
    }
    return histogram;
  }

  std::size_t across_;
  std::vector<Map> maps_;
};

/// The equalised brightness in levels, CV_16UC1: of each pixel's bin, between its four tiles.
cv::Mat equalized_levels(const cv::Mat& bins) {
  const Axis across(bins.cols);
  const Axis down(bins.rows);
  const TileMaps maps(bins, across, down);
  std::vector<Axis::Place> columns;
  columns.reserve(static_cast<std::size_t>(bins.cols));
  for (int x = 0; x < bins.cols; ++x) {
    columns.push_back(across.place_of(x));
  }
  cv::Mat levels(bins.rows, bins.cols, CV_16UC1);
  for (int y = 0; y < bins.rows; ++y) {
    const Axis::Place row = down.place_of(y);
    const TileMaps::Map* const above = maps.row(row.before);
    const TileMaps::Map* const below = maps.row(row.after);
    const double share_below = row.share_after;
    const double share_above = 1 - share_below;
    const std::uint8_t* const bin_row = bins.ptr<std::uint8_t>(y);
    auto* const out = levels.ptr<std::uint16_t>(y);
    for (int x = 0; x < bins.cols; ++x) {
      const Axis::Place& column = columns[static_cast<std::size_t>(x)];
      const double share_right = column.share_after;
      const double share_left = 1 - share_right;
      const std::size_t bin = bin_row[x];
      // Products in double, their sum in float, in this order.
      auto level = static_cast<float>(above[column.before][bin] * (share_left * share_above));
      level += static_cast<float>(above[column.after][bin] * (share_right * share_above));
      level += static_cast<float>(below[column.before][bin] * (share_left * share_below));
      level += static_cast<float>(below[column.after][bin] * (share_right * share_below));
      out[x] = static_cast<std::uint16_t>(level);
    }
  }
  return levels;
}

/// Brings levels to [0, 1].
class LevelScale {
 public:
  explicit LevelScale(const cv::Mat& levels) {
    std::uint16_t lowest = 65535;
    std::uint16_t highest = 0;
    for (int y = 0; y < levels.rows; ++y) {
      const auto* const row = levels.ptr<std::uint16_t>(y);
      for (int x = 0; x < levels.cols; ++x) {
        lowest = std::min(lowest, row[x]);
        highest = std::max(highest, row[x]);
      }
    }
    lowest_ = lowest;
    range_ = static_cast<float>(highest - lowest);
  }

  [[nodiscard]] float operator()(std::uint16_t level) const {
    const auto value = static_cast<float>(level);
    // A constant is not scaled but clipped.
    return range_ == 0 ? std::min(value, 1.0F) : (value - lowest_) / range_;
  }

 private:
  float lowest_ = 0;
  float range_ = 0;
};

std::uint8_t to_byte(float unit) {
  return static_cast<std::uint8_t>(unit * 255.0F);
}

/// Gives `pixel` the brightness `value` in [0, 1] and leaves it its hue and saturation: scikit-
/// image's `rgb2hsv` and `hsv2rgb` one after the other. `unit` is value / 255.
void set_brightness(std::uint8_t* pixel, float value, const std::array<float, 256>& unit) {
  const std::uint8_t brightest = std::max({pixel[0], pixel[1], pixel[2]});
  const std::uint8_t darkest = std::min({pixel[0], pixel[1], pixel[2]});
  if (brightest == darkest) {
    pixel[0] = pixel[1] = pixel[2] = to_byte(value);
    return;
  }
  const float red = unit[pixel[0]];
  const float green = unit[pixel[1]];
  const float blue = unit[pixel[2]];
  const float range = unit[brightest] - unit[darkest];
  const float saturation = range / unit[brightest];
  float sextant = 0;
  if (pixel[2] == brightest) {  // Of channels alike, the last decides.
    sextant = 4.0F + (red - green) / range;
  } else if (pixel[1] == brightest) {
    sextant = 2.0F + (blue - red) / range;
  } else {
    sextant = (green - blue) / range;
  }
  // By way of a hue in [0, 1), for the rounding of it.
  float hue = sextant / 6.0F;
  hue += hue < 0 ? 1.0F : 0.0F;
  hue *= 6.0F;
  const auto whole = static_cast<int>(hue);
  const float part = hue - static_cast<float>(whole);

  const std::uint8_t high = to_byte(value);
  const std::uint8_t low = to_byte(value * (1.0F - saturation));
  const bool falling = whole % 2 == 1;
  const std::uint8_t middle = to_byte(value * (1.0F - (falling ? part : 1.0F - part) * saturation));
  // Which channels are the brightest, the middle and the darkest one.
  static constexpr std::array<std::array<std::uint8_t, 3>, 6> kOrder = {
      {{0, 1, 2}, {1, 0, 2}, {1, 2, 0}, {2, 1, 0}, {2, 0, 1}, {0, 2, 1}}};
  const std::array<std::uint8_t, 3>& order = kOrder[static_cast<std::size_t>(whole % 6)];
  pixel[order[0]] = high;
  pixel[order[1]] = middle;
  pixel[order[2]] = low;
}

}  // namespace

void equalize_adaptively(cv::Mat& image) {
  CV_Assert(image.type() == CV_8UC3 && image.dims <= 2);
  if (image.empty()) {
    return;
  }
  cv::Mat bins = brightness_of(image);
  replace_by_bins(bins);
  const cv::Mat levels = equalized_levels(bins);
  const LevelScale scale(levels);
  std::array<float, 256> unit{};
  for (std::size_t value = 0; value < unit.size(); ++value) {
    unit[value] = static_cast<float>(value) / 255.0F;
  }
  for (int y = 0; y < image.rows; ++y) {
    std::uint8_t* pixel = image.ptr<std::uint8_t>(y);
    const auto* const level = levels.ptr<std::uint16_t>(y);
    for (int x = 0; x < image.cols; ++x, pixel += 3) {
      set_brightness(pixel, scale(level[x]), unit);
    }
  }
}

}  // namespace replayrt::models
