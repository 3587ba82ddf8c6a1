#include "statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace replayrt::cli {
namespace {

double percentile_of_sorted(const std::vector<double>& sorted, double p) {
  if (sorted.empty()) {
    return 0;
  }
  const double at = std::clamp(p, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], at - static_cast<double>(below));
}

}  // namespace

double percentile(std::vector<double> values, double p) {
  std::ranges::sort(values);
  return percentile_of_sorted(values, p);
}

double median(std::vector<double> values) {
  return percentile(std::move(values), 0.5);
}

Summary summarize(const std::vector<double>& values) {
  if (values.empty()) {
    return {};
  }
  std::vector<double> sorted = values;
  std::ranges::sort(sorted);
  Summary summary;
  summary.count = values.size();
  summary.total = std::accumulate(values.begin(), values.end(), 0.0);
  summary.mean = summary.total / static_cast<double>(values.size());
  summary.median = percentile_of_sorted(sorted, 0.5);
  summary.p99 = percentile_of_sorted(sorted, 0.99);
  return summary;
}

}  // namespace replayrt::cli
