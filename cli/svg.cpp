#include "svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace replayrt::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// How many bytes the character at the start of `text` has, and the character; 0 if it is none.
std::pair<std::size_t, std::uint32_t> first_character(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    return {1, first};
  }
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) {
    return {0, 0};
  }
  std::uint32_t character = first & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) {
      return {0, 0};
    }
    character = (character << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = character >= 0xD800 && character < 0xE000;
  if (character < kLeast[size] || is_surrogate || character > 0x10FFFF) {
    return {0, 0};
  }
  return {size, character};
}

/// Whether a page may hold it: no controls but tabs and line ends, no noncharacters.
bool may_be_shown(std::uint32_t character) noexcept {
  const bool is_space = character == '\t' || character == '\n' || character == '\r';
  const bool is_control = character < 0x20 || (character >= 0x7F && character < 0xA0);
  const bool is_none =
      (character & 0xFFFEU) == 0xFFFE || (character >= 0xFDD0 && character <= 0xFDEF);
  return is_space || !(is_control || is_none);
}

AxisUnit unit_of(double value, double factor, double first, const std::vector<std::string>& names) {
  AxisUnit unit{first, names[0]};
  for (std::size_t i = 1; i < names.size() && value >= unit.one * factor; ++i) {
    unit = {unit.one * factor, names[i]};
  }
  return unit;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto [size, character] = first_character(text);
    if (size == 0 || !may_be_shown(character)) {
      result += kReplacement;
    } else if (character == '&') {
      result += "&amp;";
    } else if (character == '<') {
      result += "&lt;";
    } else if (character == '>') {
      result += "&gt;";
    } else if (character == '"') {
      result += "&quot;";
    } else if (character == '\'') {
      result += "&#39;";
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return result;
}

AxisUnit time_unit(double seconds) {
  return unit_of(seconds, 1e3, 1e-6, {"us", "ms", "s"});
}

AxisUnit byte_unit(double bytes) {
  return unit_of(bytes, 1024, 1, {"B", "KB", "MB", "GB", "TB"});
}

std::vector<double> round_ticks(double high, int most, bool whole) {
  if (!(high > 0) || !std::isfinite(high)) {
    high = 1;
  }
  const double least = high / most;
  double power = std::pow(10, std::floor(std::log10(least)));
  if (whole) {
    power = std::max(power, 1.0);
  }
  // Rounding must not cost a step: 0.3 / 3 is a little less or more than 0.1.
  constexpr double kNearly = 1 - 1e-9;
  double step = power;
  for (const double factor : {1, 2, 5, 10}) {
    step = power * factor;
    if (step >= least * kNearly) {
      break;
    }
  }
  const double steps = std::ceil(high / step * kNearly);
  std::vector<double> ticks;
  for (double i = 0; i <= steps; ++i) {
    ticks.push_back(i * step);
  }
  return ticks;
}

std::string number_text(double number) {
  std::string text = fmt::format("{:.6g}", number);
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    for (std::size_t at = text.size(); at > 3;) {
      text.insert(at -= 3, ",");
    }
  }
  return text;
}

Svg::Svg(double width, double height, std::string_view title)
    : text_(fmt::format("<svg viewBox=\"0 0 {:.1f} {:.1f}\" role=\"img\" aria-label=\"{}\">\n",
                        width, height, escaped(title))) {}

void Svg::line(ChartPoint from, ChartPoint to, std::string_view css_class) {
  text_ +=
      fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
                  css_class, from.x, from.y, to.x, to.y);
}

void Svg::rectangle(ChartPoint corner, double width, double height, std::string_view css_class,
                    std::string_view tip) {
  text_ +=
      fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"",
                  css_class, corner.x, corner.y, width, height);
  text_ += tip.empty() ? "/>\n" : fmt::format("><title>{}</title></rect>\n", escaped(tip));
}

void Svg::polyline(const std::vector<ChartPoint>& points, std::string_view css_class) {
  text_ += fmt::format("<polyline class=\"{}\" points=\"", css_class);
  for (std::size_t i = 0; i < points.size(); ++i) {
    text_ += fmt::format("{}{:.1f},{:.1f}", i == 0 ? "" : " ", points[i].x, points[i].y);
  }
  text_ += "\"/>\n";
}

void Svg::text(ChartPoint at, std::string_view css_class, std::string_view text) {
  text_ += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", css_class, at.x,
                       at.y, escaped(text));
}

std::string Svg::finish() && {
  return std::move(text_) + "</svg>\n";
}

}  // namespace replayrt::cli
