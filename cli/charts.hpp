#pragma once

#include <optional>
#include <string>
#include <vector>

#include "svg.hpp"

namespace replayrt::cli {

/// A name in a chart's legend, and the CSS class that gives its colour.
struct ChartSeries {
  std::string name{};
  std::string css_class{};
};

/// A horizontal bar from 0.
struct ChartBar {
  ChartSeries series{};
  double value = 0;
  double further = 0;   ///< A paler bar goes on to here, if that is more than `value`.
  std::string label{};  ///< Behind the bar.
};

struct BarGroup {
  std::string name{};
  std::vector<ChartBar> bars{};
};

struct ChartBound {
  double value = 0;
  std::string label{};
};

/// Groups of bars on one axis, which begins at 0.
struct BarChart {
  std::string title{};
  std::string axis{};  ///< What the axis shows; the unit is added.
  AxisUnit unit{};
  std::vector<BarGroup> groups{};
  /// A line across the bars; left out where it is so far off that they would be too short to see.
  std::optional<ChartBound> bound{};
};

/// Whether the chart shows its bound.
bool shows_bound(const BarChart& chart);

std::string svg_of(const BarChart& chart);

struct ChartLine {
  ChartSeries series{};
  std::vector<ChartPoint> points{};  ///< From left to right.
  bool dashed = false;
};

/// Lines over axes that begin at 0.
struct LineChart {
  std::string title{};
  std::string x_axis{};  ///< What the axis shows; the unit is added.
  std::string y_axis{};
  AxisUnit x_unit{};
  AxisUnit y_unit{};
  std::vector<ChartLine> lines{};
  double least_y_high = 0;  ///< The y axis goes at least to here.
};

std::string svg_of(const LineChart& chart);

/// A list of what the colours mean, as HTML: each series of the chart once.
std::string legend_of(const BarChart& chart);
std::string legend_of(const LineChart& chart);

}  // namespace replayrt::cli
