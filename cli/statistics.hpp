#pragma once

#include <cstddef>
#include <vector>

namespace replayrt::cli {

/// The value below which the fraction `p` (0 to 1) of the values lies, interpolated between
/// neighbours as numpy.percentile does. 0 for no values.
double percentile(std::vector<double> values, double p);

/// percentile(values, 0.5)
double median(std::vector<double> values);

/// What a list of durations says.
struct Summary {
  std::size_t count = 0;
  double total = 0;
  double mean = 0;
  double median = 0;
  double p99 = 0;
};

Summary summarize(const std::vector<double>& values);

}  // namespace replayrt::cli
