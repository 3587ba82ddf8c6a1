#pragma once

#include <span>

namespace replayrt::cli {

/// y = base + slope * x, both at least 0.
struct Line {
  double base = 0;
  double slope = 0;

  [[nodiscard]] double at(double x) const noexcept { return base + slope * x; }
};

struct Point {
  double x = 0;
  double y = 0;
};

/// The line of least squares through points of x > 0 and y >= 0, as far as neither number is
/// negative: else a line through 0, or a level one. Points at one x: `proportional` says which.
Line fit_line(std::span<const Point> points, bool proportional) noexcept;

}  // namespace replayrt::cli
