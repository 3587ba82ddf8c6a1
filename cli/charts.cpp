#include "charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>

#include "text.hpp"

namespace replayrt::cli {
namespace {

// In CSS pixels; the page scales charts to the width that there is.
constexpr double kWidth = 420;
constexpr double kTickSize = 4;
constexpr double kTextHeight = 16;
constexpr int kMostSteps = 6;
constexpr std::size_t kLongestName = 53;
// A bound that is further away than so many times the longest bar is only told.
constexpr double kFarBound = 20;

constexpr double kBarLeft = 4;
constexpr double kBarLabelWidth = 126;
constexpr double kBarHeight = 11;
constexpr double kBarStep = 15;
constexpr double kGroupGap = 9;

constexpr double kLineHeight = 250;
constexpr double kLineLeft = 48;
constexpr double kLineRight = 22;
constexpr double kLineTop = 26;
constexpr double kAxisHeight = 42;

std::string with_unit(const std::string& what, const AxisUnit& unit) {
  return unit.name.empty() ? what : fmt::format("{}, {}", what, unit.name);
}

double longest_bar(const BarChart& chart) {
  double longest = 0;
  for (const BarGroup& group : chart.groups) {
    for (const ChartBar& bar : group.bars) {
      longest = std::max({longest, bar.value, bar.further});
    }
  }
  return longest;
}

void draw_bar(Svg& svg, const BarGroup& group, const ChartBar& bar, double y, double pixels) {
  const std::string tip = fmt::format("{}, {}: {}", group.name, bar.series.name, bar.label);
  const double end = std::max(bar.value, bar.further);
  if (bar.further > bar.value) {
    svg.rectangle({kBarLeft, y}, end * pixels, kBarHeight, "bar further " + bar.series.css_class,
                  tip);
  }
  svg.rectangle({kBarLeft, y}, bar.value * pixels, kBarHeight, "bar " + bar.series.css_class, tip);
  svg.text({kBarLeft + end * pixels + kTickSize, y + kBarHeight - 1}, "value", bar.label);
}

template <class Add>
std::string legend(const Add& add_all) {
  std::set<std::string> seen;
  std::string html;
  add_all([&](const ChartSeries& series, bool dashed) {
    if (seen.insert(series.name).second) {
      html += fmt::format("<li><span class=\"swatch {}{}\"></span>{}</li>\n", series.css_class,
                          dashed ? " dashed" : "", escaped(series.name));
    }
  });
  return html.empty() ? "" : fmt::format("<ul class=\"legend\">\n{}</ul>\n", html);
}

}  // namespace

bool shows_bound(const BarChart& chart) {
  const double longest = longest_bar(chart);
  return chart.bound && (longest <= 0 || chart.bound->value <= kFarBound * longest);
}

std::string svg_of(const BarChart& chart) {
  const bool bounded = shows_bound(chart);
  const double high = std::max(longest_bar(chart), bounded ? chart.bound->value : 0);
  const double top = bounded ? kTextHeight : 0;
  double bottom = top;
  for (const BarGroup& group : chart.groups) {
    bottom += kTextHeight + kBarStep * static_cast<double>(group.bars.size()) + kGroupGap;
  }
  Svg svg(kWidth, bottom + kAxisHeight, chart.title);
  const double width = kWidth - kBarLeft - kBarLabelWidth;
  const double pixels = width / (high > 0 ? high : chart.unit.one);
  for (const double tick : round_ticks(high / chart.unit.one, kMostSteps, chart.unit.whole)) {
    const double x = kBarLeft + tick * chart.unit.one * pixels;
    if (x <= kBarLeft + width + 0.5) {
      svg.line({x, top}, {x, bottom + kTickSize}, tick == 0 ? "axis" : "grid");
      svg.text({x, bottom + kTickSize + kTextHeight - 3}, tick == 0 ? "tick" : "tick middle",
               number_text(tick));
    }
  }
  svg.text({kBarLeft, bottom + kAxisHeight - 6}, "axis-name", with_unit(chart.axis, chart.unit));
  double y = top;
  for (const BarGroup& group : chart.groups) {
    svg.text({kBarLeft + kTickSize, y + kTextHeight - 4}, "group",
             shortened(group.name, kLongestName));
    y += kTextHeight;
    for (const ChartBar& bar : group.bars) {
      draw_bar(svg, group, bar, y, pixels);
      y += kBarStep;
    }
    y += kGroupGap;
  }
  if (bounded) {
    const double x = kBarLeft + chart.bound->value * pixels;
    svg.line({x, top - kTickSize}, {x, bottom}, "bound");
    svg.text({x, top - kTickSize - 2}, x > kWidth / 2 ? "value end" : "value", chart.bound->label);
  }
  return std::move(svg).finish();
}

std::string svg_of(const LineChart& chart) {
  ChartPoint high{0, chart.least_y_high};
  for (const ChartLine& line : chart.lines) {
    for (const ChartPoint& point : line.points) {
      high = {std::max(high.x, point.x), std::max(high.y, point.y)};
    }
  }
  const double bottom = kLineHeight - kAxisHeight;
  const double right = kWidth - kLineRight;
  const auto y_ticks = round_ticks(high.y / chart.y_unit.one, kMostSteps, chart.y_unit.whole);
  const double y_pixels = (bottom - kLineTop) / (y_ticks.back() * chart.y_unit.one);
  const double x_pixels = (right - kLineLeft) / (high.x > 0 ? high.x : chart.x_unit.one);
  const auto at = [&](ChartPoint point) {
    return ChartPoint{kLineLeft + point.x * x_pixels, bottom - point.y * y_pixels};
  };
  Svg svg(kWidth, kLineHeight, chart.title);
  for (const double tick : y_ticks) {
    const double y = at({0, tick * chart.y_unit.one}).y;
    svg.line({kLineLeft, y}, {right, y}, tick == 0 ? "axis" : "grid");
    svg.text({kLineLeft - kTickSize - 2, y + kTickSize}, "tick end", number_text(tick));
  }
  for (const double tick : round_ticks(high.x / chart.x_unit.one, kMostSteps, chart.x_unit.whole)) {
    const double x = at({tick * chart.x_unit.one, 0}).x;
    if (x <= right + 0.5) {
      svg.line({x, bottom}, {x, bottom + kTickSize}, "axis");
      svg.text({x, bottom + kTickSize + kTextHeight - 3}, "tick middle", number_text(tick));
    }
  }
  svg.text({kTickSize, kTextHeight - 4}, "axis-name", with_unit(chart.y_axis, chart.y_unit));
  svg.text({right, kLineHeight - 6}, "axis-name end", with_unit(chart.x_axis, chart.x_unit));
  for (const ChartLine& line : chart.lines) {
    std::vector<ChartPoint> points;
    std::ranges::transform(line.points, std::back_inserter(points), at);
    svg.polyline(points,
                 fmt::format("line {}{}", line.series.css_class, line.dashed ? " dashed" : ""));
  }
  return std::move(svg).finish();
}

std::string legend_of(const BarChart& chart) {
  return legend([&](const auto& add) {
    for (const BarGroup& group : chart.groups) {
      for (const ChartBar& bar : group.bars) {
        add(bar.series, false);
      }
    }
  });
}

std::string legend_of(const LineChart& chart) {
  return legend([&](const auto& add) {
    for (const ChartLine& line : chart.lines) {
      add(line.series, line.dashed);
    }
  });
}

}  // namespace replayrt::cli
