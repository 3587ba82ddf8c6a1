#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace replayrt::models {

/// From which of `source_extent` values, by which weights, each of `extent` values is made along
/// one side: a triangle that widens with the scale where the side shrinks, as Pillow (in `double`)
/// and PyTorch's antialiased bilinear resize (in `float`) have it. `Weight` is what the weights are
/// kept as.
template <class Real, class Weight = Real>
class TriangleFilter {
 public:
  /// Both are positive. `kept_as` turns a weight, of which those of a value add up to one, into a
  /// `Weight`.
  template <class KeptAs>
  TriangleFilter(std::int64_t source_extent, std::int64_t extent, const KeptAs& kept_as) {
    const Real scale = static_cast<Real>(source_extent) / static_cast<Real>(extent);
    const Real support = std::max<Real>(scale, 1);
    const Real per_support = 1 / support;
    windows_.reserve(static_cast<std::size_t>(extent));
    std::vector<Real> exact;
    for (std::int64_t out = 0; out < extent; ++out) {
      // The halves are doubles, as they are in PyTorch's float code.
      const auto center = static_cast<Real>(scale * (static_cast<double>(out) + 0.5));
      const std::int64_t first = std::max<std::int64_t>(whole(center - support), 0);
      const std::int64_t last = std::min(whole(center + support), source_extent);
      exact.clear();
      Real sum = 0;
      for (std::int64_t i = first; i < last; ++i) {
        const auto distance =
            static_cast<Real>((static_cast<Real>(i) - center + 0.5) * per_support);
        exact.push_back(std::max<Real>(1 - std::abs(distance), 0));
        sum += exact.back();
      }
      while (exact.size() > 1 && exact.back() == 0) {
        exact.pop_back();  // So that a side of the same length takes each value alone.
      }
      windows_.push_back({first, exact.size(), weights_.size()});
      for (const Real weight : exact) {
        weights_.push_back(kept_as(weight / sum));
      }
    }
  }

  TriangleFilter(std::int64_t source_extent, std::int64_t extent)
      : TriangleFilter(source_extent, extent, [](Real weight) { return weight; }) {}

  struct Window {
    std::int64_t first = 0;
    std::span<const Weight> weights;
  };
  [[nodiscard]] Window window(std::int64_t out) const {
    const Place& place = windows_[static_cast<std::size_t>(out)];
    return {place.first, {weights_.data() + place.weights, place.count}};
  }

  /// The most values that one is made from.
  [[nodiscard]] std::size_t widest() const {
    std::size_t most = 0;
    for (const Place& place : windows_) {
      most = std::max(most, place.count);
    }
    return most;
  }

 private:
  /// Halves go up, as in both; what lies before the first value is cut off by the caller.
  static std::int64_t whole(Real edge) { return static_cast<std::int64_t>(std::floor(edge + 0.5)); }

  struct Place {
    std::int64_t first = 0;
    std::size_t count = 0;
    std::size_t weights = 0;
  };
  std::vector<Place> windows_;
  std::vector<Weight> weights_;
};

}  // namespace replayrt::models
