#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace replayrt::cli {

/// `text` fit for text and quoted attributes of an HTML page in UTF-8: what has a meaning there is
/// escaped; what no page may hold (control characters, bytes that are no UTF-8) becomes U+FFFD.
std::string escaped(std::string_view text);

/// What the numbers of an axis are shown in.
struct AxisUnit {
  double one = 1;  ///< Of the values of the axis.
  std::string name{};
  bool whole = false;  ///< There is nothing between two numbers.
};

/// us, ms or s: the largest of which `seconds` has at least one.
AxisUnit time_unit(double seconds);
/// B, KB, MB, GB or TB, powers of 1024: the same.
AxisUnit byte_unit(double bytes);

/// 0 and the round numbers (1, 2 or 5 times a power of ten apart, whole ones if `whole`) up to the
/// first that is at least `high`, in at most `most` steps. `high` that is no positive number is 1.
std::vector<double> round_ticks(double high, int most, bool whole);

/// "0.25", "1,500"
std::string number_text(double number);

struct ChartPoint {
  double x = 0;
  double y = 0;
};

/// An SVG element to be put into an HTML page: no namespace, coordinates in CSS pixels, looks by
/// CSS classes. All texts are escaped here; classes are the program's own.
class Svg {
 public:
  /// `title`: what is in the picture, for those who do not see it.
  Svg(double width, double height, std::string_view title);

  void line(ChartPoint from, ChartPoint to, std::string_view css_class);
  /// `tip`: shown while the pointer is over it; empty: nothing.
  void rectangle(ChartPoint corner, double width, double height, std::string_view css_class,
                 std::string_view tip = {});
  void polyline(const std::vector<ChartPoint>& points, std::string_view css_class);
  void text(ChartPoint at, std::string_view css_class, std::string_view text);

  /// The element; nothing can be added afterwards.
  [[nodiscard]] std::string finish() &&;

 private:
  std::string text_;
};

}  // namespace replayrt::cli
