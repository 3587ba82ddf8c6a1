#include "charts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace replayrt::cli {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pointwise;

TEST(Escaped, LeavesNothingThatHasAMeaning) {
  EXPECT_EQ(escaped("a<b>&\"c\"'"), "a&lt;b&gt;&amp;&quot;c&quot;&#39;");
  EXPECT_EQ(escaped("caf\xC3\xA9 \xF0\x9F\x98\x80\t\n"), "caf\xC3\xA9 \xF0\x9F\x98\x80\t\n");
  EXPECT_EQ(escaped(""), "");
}

TEST(Escaped, ReplacesWhatNoPageMayHold) {
  const std::string one = "\xEF\xBF\xBD";
  for (const std::string_view bad :
       {std::string_view("\0", 1), std::string_view("\x1B"), std::string_view("\x7F"),
        std::string_view("\x80"), std::string_view("\xC2\x85"), std::string_view("\xFE"),
        std::string_view("\xEF\xBF\xBF"), std::string_view("\xEF\xB7\x90")}) {
    EXPECT_EQ(escaped(bad), one) << testing::PrintToString(bad);
  }
  EXPECT_EQ(escaped("\xC0\xAF"), one + one) << "overlong";
  EXPECT_EQ(escaped("\xED\xA0\x80"), one + one + one) << "a surrogate";
  EXPECT_EQ(escaped("\xF4\x90\x80\x80"), one + one + one + one) << "beyond the last";
  EXPECT_EQ(escaped("\xE2\x82"), one + one) << "cut off";
  EXPECT_EQ(escaped("\xC3<"), one + "&lt;") << "what follows is read";
}

TEST(RoundTicks, AreRoundAndReachTheHighest) {
  EXPECT_THAT(round_ticks(100, 5, false), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(round_ticks(7.3, 5, false), ElementsAre(0, 2, 4, 6, 8));
  EXPECT_THAT(round_ticks(3, 5, true), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(round_ticks(1, 5, true), ElementsAre(0, 1));
  EXPECT_THAT(round_ticks(0.3, 3, false),
              Pointwise(DoubleNear(1e-12), std::vector<double>{0, 0.1, 0.2, 0.3}));
  for (const double none : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                            std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(round_ticks(none, 2, false), ElementsAre(0, 0.5, 1));
  }
  for (double high = 1e-9; high < 1e12; high *= 1.37) {
    const auto ticks = round_ticks(high, 5, false);
    EXPECT_LE(ticks.size(), 6U) << high;
    EXPECT_GE(ticks.size(), 3U) << high;
    EXPECT_GE(ticks.back(), high * (1 - 1e-6));
    EXPECT_LT(ticks[ticks.size() - 2], high);
  }
}

TEST(Units, AreTheLargestThatFit) {
  EXPECT_EQ(time_unit(0).name, "us");
  EXPECT_EQ(time_unit(0.0005).name, "us");
  EXPECT_EQ(time_unit(0.25).name, "ms");
  EXPECT_DOUBLE_EQ(time_unit(0.25).one, 1e-3);
  EXPECT_EQ(time_unit(5000).name, "s");
  EXPECT_EQ(byte_unit(1023).name, "B");
  EXPECT_EQ(byte_unit(3 << 20).name, "MB");
  EXPECT_EQ(byte_unit(3 << 20).one, 1 << 20);
  EXPECT_EQ(byte_unit(1e18).name, "TB");
}

TEST(NumberText, IsShort) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(3 * 0.1), "0.3");
  EXPECT_EQ(number_text(1500), "1,500");
  EXPECT_EQ(number_text(150000), "150,000");
  EXPECT_EQ(number_text(999), "999");
}

BarChart two_bars() {
  return {.title = "T & T",
          .axis = "time",
          .unit = {1e-3, "ms"},
          .groups = {{"first", {{{"a", "eager"}, 0.004, 0.008, "4 / 8"}}},
                     {"<second>", {{{"b", "replayed"}, 0.002, 0, "2"}}}}};
}

TEST(BarChart, BarsBeginAtZeroAndHaveTheLengthOfTheirValues) {
  const std::string svg = svg_of(two_bars());
  // 8 ms are as long as there is room for: 290 pixels.
  EXPECT_THAT(svg, HasSubstr("class=\"bar further eager\" x=\"4.0\" y=\"16.0\" width=\"290.0\""));
  EXPECT_THAT(svg, HasSubstr("class=\"bar eager\" x=\"4.0\" y=\"16.0\" width=\"145.0\""));
  EXPECT_THAT(svg, HasSubstr("class=\"bar replayed\" x=\"4.0\" y=\"56.0\" width=\"72.5\""));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"T &amp; T\""));
  EXPECT_THAT(svg, HasSubstr(">&lt;second&gt;</text>"));
  EXPECT_THAT(svg, HasSubstr("<title>first, a: 4 / 8</title>"));
  EXPECT_THAT(svg, HasSubstr(">time, ms</text>"));
  EXPECT_THAT(svg, HasSubstr("class=\"tick\" x=\"4.0\""));
  EXPECT_THAT(svg, HasSubstr("class=\"tick middle\" x=\"149.0\" y=\"97.0\">4</text>"));
}

TEST(BarChart, ShowsABoundThatIsNotFarOff) {
  BarChart chart = two_bars();
  EXPECT_FALSE(shows_bound(chart));
  chart.bound = {0.016, "most"};
  EXPECT_TRUE(shows_bound(chart));
  EXPECT_THAT(svg_of(chart), HasSubstr("class=\"bound\" x1=\"294.0\""));
  EXPECT_THAT(svg_of(chart), HasSubstr("width=\"72.5\"")) << "the axis reaches the bound";
  chart.bound = {0.17, "most"};
  EXPECT_FALSE(shows_bound(chart));
  EXPECT_EQ(svg_of(chart), svg_of(two_bars()));
}

TEST(BarChart, OfZerosHasAnAxis) {
  BarChart chart = two_bars();
  chart.groups = {{"nothing", {{{"a", "eager"}, 0, 0, "0"}}}};
  EXPECT_THAT(svg_of(chart), HasSubstr("x=\"294.0\" y=\"57.0\">1</text>"));
  EXPECT_THAT(svg_of(chart), Not(HasSubstr("nan")));
}

TEST(BarChart, LongNamesAreCutBetweenCharacters) {
  BarChart chart = two_bars();
  chart.groups[0].name = std::string(49, 'x') + "\xC3\xA9" + "yyyy";
  EXPECT_THAT(svg_of(chart), HasSubstr(">" + std::string(49, 'x') + "...</text>"));
}

TEST(LineChart, PointsLieWhereTheirValuesAre) {
  const LineChart chart{.title = "lines",
                        .x_axis = "calls",
                        .y_axis = "time",
                        .x_unit = {1, "", true},
                        .y_unit = {1, "s"},
                        .lines = {{{"a", "eager"}, {{0, 0}, {2, 10}}, true}}};
  const std::string svg = svg_of(chart);
  EXPECT_THAT(svg, HasSubstr("class=\"line eager dashed\" points=\"48.0,208.0 398.0,26.0\""));
  EXPECT_THAT(svg, HasSubstr("y=\"30.0\">10</text>"));
  EXPECT_THAT(svg, HasSubstr("class=\"tick middle\" x=\"223.0\" y=\"225.0\">1</text>"));
  EXPECT_THAT(svg, HasSubstr(">time, s</text>"));
  EXPECT_THAT(svg, HasSubstr(">calls</text>"));
  EXPECT_THAT(legend_of(chart), HasSubstr("<span class=\"swatch eager dashed\"></span>a</li>"));
}

TEST(LineChart, TheAxisGoesAsFarAsItShould) {
  LineChart chart{.title = "rate",
                  .x_axis = "time",
                  .y_axis = "rate",
                  .y_unit = {0.01, "%"},
                  .lines = {{{"a", "eager"}, {{0, 0.1}, {1, 0.1}}}}};
  EXPECT_THAT(svg_of(chart), HasSubstr("points=\"48.0,26.0 398.0,26.0\""));
  chart.least_y_high = 1;
  EXPECT_THAT(svg_of(chart), HasSubstr("points=\"48.0,189.8 398.0,189.8\""));
  EXPECT_THAT(svg_of(chart), HasSubstr("y=\"30.0\">100</text>"));
}

TEST(Legend, HasEachSeriesOnce) {
  BarChart chart = two_bars();
  chart.groups.push_back(chart.groups[0]);
  chart.groups[0].bars[0].series.name = "<a>";
  EXPECT_EQ(legend_of(chart),
            "<ul class=\"legend\">\n<li><span class=\"swatch eager\"></span>&lt;a&gt;</li>\n"
            "<li><span class=\"swatch replayed\"></span>b</li>\n"
            "<li><span class=\"swatch eager\"></span>a</li>\n</ul>\n");
  EXPECT_EQ(legend_of(BarChart{}), "");
}

}  // namespace
}  // namespace replayrt::cli
