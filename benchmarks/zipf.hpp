#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace replayrt::benchmarks {

/// Numbers from 0 by Zipf's law, the first the likeliest. The same on every machine: no
/// distribution of the standard library, which each writes its own way.
class ZipfNumbers {
 public:
  /// `count` numbers, at least 1; number k is as likely as (k + 1)^-exponent.
  ZipfNumbers(std::size_t count, double exponent) {
    double sum = 0;
    for (std::size_t rank = 1; rank <= count; ++rank) {
      sums_.push_back(sum += std::pow(static_cast<double>(rank), -exponent));
    }
  }

  std::size_t operator()(std::mt19937_64& random) const {
    const double place = static_cast<double>(random() >> 11U) * 0x1p-53 * sums_.back();
    const auto found = std::ranges::upper_bound(sums_, place) - sums_.begin();
    return std::min(static_cast<std::size_t>(found), sums_.size() - 1);
  }

 private:
  std::vector<double> sums_;
};

}  // namespace replayrt::benchmarks
