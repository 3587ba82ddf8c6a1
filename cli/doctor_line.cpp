#include "doctor_line.hpp"

namespace replayrt::cli {

Line fit_line(std::span<const Point> points, bool proportional) noexcept {
  if (points.empty()) {
    return {};
  }
  const auto n = static_cast<double>(points.size());
  double mean_x = 0;
  double mean_y = 0;
  for (const Point& point : points) {
    mean_x += point.x / n;
    mean_y += point.y / n;
  }
  double xx = 0;
  double xy = 0;
  for (const Point& point : points) {
    xx += (point.x - mean_x) * (point.x - mean_x);
    xy += (point.x - mean_x) * (point.y - mean_y);
  }
  const Line through_zero{0, mean_x > 0 ? mean_y / mean_x : 0};
  const Line level{mean_y, 0};
  if (xx <= 0) {
    return proportional ? through_zero : level;
  }
  const double slope = xy / xx;
  if (slope < 0) {
    return level;
  }
  const double base = mean_y - slope * mean_x;
  return base < 0 ? through_zero : Line{base, slope};
}

}  // namespace replayrt::cli
