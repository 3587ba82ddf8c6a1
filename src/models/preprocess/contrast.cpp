#include "models/preprocess/contrast.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>

#include "models/preprocess/adaptive_equalization.hpp"

// NumPy's types are part of the result: what is float here is float32 there, what is double is
// float64, and each step is rounded as written. Do not build this file with contraction to FMA.
namespace replayrt::models {
namespace {

constexpr int kLevels = 256;
/// What each of the 256 values becomes.
using Table = std::array<std::uint8_t, kLevels>;

/// How often each value is there, in all channels together.
struct Histogram {
  std::array<std::int64_t, kLevels> counts{};
  std::int64_t total = 0;
  int lowest = 0;
  int highest = 0;
};

Histogram count_values(const cv::Mat& image) {
  // One counter would wait for itself where neighbours are alike.
  constexpr int kTurns = 4;
  std::array<std::array<std::int64_t, kLevels>, kTurns> turns{};
  const int row_bytes = image.cols * image.channels();
  for (int y = 0; y < image.rows; ++y) {
    const std::uint8_t* const row = image.ptr<std::uint8_t>(y);
    int x = 0;
    for (; x + kTurns <= row_bytes; x += kTurns) {
      ++turns[0][row[x]];
      ++turns[1][row[x + 1]];
      ++turns[2][row[x + 2]];
      ++turns[3][row[x + 3]];
    }
    for (; x < row_bytes; ++x) {
      ++turns[0][row[x]];
    }
  }
  Histogram histogram;
  histogram.lowest = kLevels;
  for (int level = 0; level < kLevels; ++level) {
    const auto at = static_cast<std::size_t>(level);
    const std::int64_t count = turns[0][at] + turns[1][at] + turns[2][at] + turns[3][at];
    histogram.counts[at] = count;
    histogram.total += count;
    if (count > 0) {
      histogram.lowest = std::min(histogram.lowest, level);
      histogram.highest = level;
    }
  }
  return histogram;
}

void look_up(cv::Mat& image, const Table& table) {
  const int row_bytes = image.cols * image.channels();
  for (int y = 0; y < image.rows; ++y) {
    std::uint8_t* const row = image.ptr<std::uint8_t>(y);
    for (int x = 0; x < row_bytes; ++x) {
      row[x] = table[row[x]];
    }
  }
}

/// The value at `position` of all values sorted.
int sorted_value(const Histogram& histogram, std::int64_t position) {
  int level = histogram.lowest;
  std::int64_t up_to_level = histogram.counts[static_cast<std::size_t>(level)];
  while (up_to_level <= position) {
    up_to_level += histogram.counts[static_cast<std::size_t>(++level)];
  }
  return level;
}

/// `np.quantile` with linear interpolation; 0 <= `quantile` < 1, and at least two values.
double quantile_of(const Histogram& histogram, double quantile) {
  const double position = static_cast<double>(histogram.total - 1) * quantile;
  const double before = std::floor(position);
  const auto index = static_cast<std::int64_t>(before);
  const double low = sorted_value(histogram, index);
  const double high = sorted_value(histogram, index + 1);
  const double share = position - before;
  // Each half is rounded from its own end.
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

Table stretching_table(const Histogram& histogram) {
  const double low = quantile_of(histogram, 0.02);
  const double high = quantile_of(histogram, 0.98);
  Table table{};
  for (int level = 0; level < kLevels; ++level) {
    double value = std::clamp<double>(level, low, high);
    // With nothing to stretch scikit-image only clips: every value becomes that of most.
    if (low != high) {
      value = (value - low) / (high - low) * 255.0;
    }
    table[static_cast<std::size_t>(level)] = static_cast<std::uint8_t>(value);
  }
  return table;
}

constexpr std::size_t kBins = 256;

/// `np.histogram`'s 256 equal bins between the lowest and the highest of values / 255.
struct Bins {
  std::array<float, kBins + 1> edges{};
  std::array<double, kBins> centers{};

  Bins(float first, float last) {
    if (first == last) {
      first -= 0.5F;
      last += 0.5F;
    }
    const float step = (last - first) / static_cast<float>(kBins);
    for (std::size_t i = 0; i < kBins; ++i) {
      edges[i] = static_cast<float>(i) * step + first;
    }
    edges[kBins] = last;
    for (std::size_t i = 0; i < kBins; ++i) {
      centers[i] = (edges[i] + edges[i + 1]) / 2.0F;
    }
  }

  /// The bin of `value`, which is none below the first edge and none above the last.
  [[nodiscard]] std::size_t bin_of(float value) const {
    const float position =
        (value - edges.front()) / (edges.back() - edges.front()) * static_cast<float>(kBins);
    auto bin = static_cast<std::size_t>(position);
    bin -= bin == kBins ? 1 : 0;
    // The division may miss by one what the edges say.
    bin -= value < edges[bin] ? 1 : 0;
    bin += value >= edges[bin + 1] && bin != kBins - 1 ? 1 : 0;
    return bin;
  }
};

/// `np.interp` at `x` of the cumulative distribution over the bins.
double interpolate(const std::array<double, kBins>& xs, const std::array<double, kBins>& ys,
                   double x) {
  const auto above =
      static_cast<std::size_t>(std::upper_bound(xs.begin(), xs.end(), x) - xs.begin());
  if (above == 0) {
    return ys.front();
  }
  const std::size_t i = above - 1;
  if (i == kBins - 1) {
    return ys.back();
  }
  const double slope = (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]);
  return slope * (x - xs[i]) + ys[i];
}

Table equalizing_table(const Histogram& histogram) {
  const auto unit = [](int level) { return static_cast<float>(level) / 255.0F; };
  const Bins bins(unit(histogram.lowest), unit(histogram.highest));
  std::array<std::int64_t, kBins> in_bin{};
  for (int level = histogram.lowest; level <= histogram.highest; ++level) {
    in_bin[bins.bin_of(unit(level))] += histogram.counts[static_cast<std::size_t>(level)];
  }
  std::array<double, kBins> distribution{};
  std::int64_t up_to_bin = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    up_to_bin += in_bin[bin];
    // scikit-image keeps the distribution in the type of the image.
    distribution[bin] =
        static_cast<float>(static_cast<double>(up_to_bin) / static_cast<double>(histogram.total));
  }
  Table table{};
  for (int level = histogram.lowest; level <= histogram.highest; ++level) {
    const auto value = static_cast<float>(interpolate(bins.centers, distribution, unit(level)));
    table[static_cast<std::size_t>(level)] = static_cast<std::uint8_t>(value * 255.0F);
  }
  return table;
}

}  // namespace

void enhance_contrast(cv::Mat& image, ContrastType type) {
  CV_Assert(image.type() == CV_8UC3 && image.dims <= 2);
  if (image.empty()) {
    return;
  }
  switch (type) {
    case ContrastType::kAdaptiveEqualization:
      equalize_adaptively(image);
      return;
    case ContrastType::kContrastStretching:
      look_up(image, stretching_table(count_values(image)));
      return;
    case ContrastType::kHistogramEqualization:
      look_up(image, equalizing_table(count_values(image)));
      return;
  }
}

}  // namespace replayrt::models
