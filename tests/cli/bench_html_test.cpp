#include "bench_html.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <regex>
#include <string>
#include <vector>

#include "bench_charts.hpp"
#include "cli/bench_cases.hpp"

namespace replayrt::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// One round of three calls that took `times` milliseconds.
ModeResult mode_of(Mode mode, const std::vector<double>& times, std::vector<Route> routes) {
  ModeResult result;
  result.mode = mode;
  double sum = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double seconds = times[i] * 1e-3;
    sum += seconds;
    result.call_times.push_back(seconds);
    result.captured += routes[i] == Route::kCaptured ? 1 : 0;
    result.replayed += routes[i] == Route::kReplayed ? 1 : 0;
    result.timeline.add(sum, routes[i], seconds);
  }
  result.round_times = {sum};
  result.call_routes = std::move(routes);
  return result;
}

BenchResult result_of(double capture_ms = 100, double replay_ms = 2) {
  BenchResult result;
  result.modes.push_back(
      mode_of(Mode::kEager, {4, 5, 4}, {Route::kEager, Route::kEager, Route::kEager}));
  result.modes.push_back(mode_of(Mode::kReplay, {capture_ms, capture_ms, replay_ms},
                                 {Route::kCaptured, Route::kCaptured, Route::kReplayed}));
  GraphCacheStats stats;
  stats.captures = 2;
  stats.size = 2;
  stats.capacity = 4;
  stats.bytes = 3 << 20;
  stats.peak_bytes = 5 << 20;
  stats.max_bytes = GraphCacheOptions::kUnbounded;
  stats.capture_time_total = std::chrono::milliseconds(200);
  result.modes[1].cache = stats;
  EngineStats engine;
  engine.bytes = stats.bytes;
  engine.shared_bytes = 1 << 20;
  result.modes[1].engines = {engine};
  result.max_abs_difference = 0.25;
  return result;
}

BenchFacts facts() {
  BenchFacts facts;
  facts.model = "models/rec.onnx";
  facts.backend_text = "openvino 2026.1.0";
  facts.device = "cpu";
  facts.command = "replayrt bench rec.onnx --shapes 1x8,2x8";
  facts.commit = "0123abcd";
  facts.cpu = "A processor";
  facts.cores = 2;
  facts.date = "2026-11-26 19:00 UTC";
  return facts;
}

std::string page_of(const BenchResult& result) {
  return bench_html(facts(), two_shapes(), {}, result);
}

/// Expects that every element is ended, in the right order.
void expect_well_formed(const std::string& html) {
  const std::string without_style = std::regex_replace(html, std::regex("<style>[^<]*"), "<style>");
  const std::regex tag("<(/?)([a-zA-Z0-9]+)((\"[^\"]*\"|[^\">])*)>|<[^!]|<!(?!DOCTYPE)");
  std::vector<std::string> open;
  for (std::sregex_iterator at(without_style.begin(), without_style.end(), tag), end; at != end;
       ++at) {
    const std::string name = (*at)[2];
    ASSERT_FALSE(name.empty()) << "a bare '<' at: " << without_style.substr(at->position(), 40);
    if (name == "meta" || (*at)[3].str().ends_with('/')) {
      continue;
    }
    if ((*at)[1].length() == 0) {
      open.push_back(name);
    } else {
      ASSERT_FALSE(open.empty()) << name;
      EXPECT_EQ(open.back(), name);
      open.pop_back();
    }
  }
  EXPECT_THAT(open, IsEmpty());
}

std::string figure_of(const std::string& page, const std::string& id) {
  const std::size_t begin = page.find("<figure id=\"" + id + "\"");
  return begin == std::string::npos ? ""
                                    : page.substr(begin, page.find("</figure>", begin) - begin);
}

TEST(BenchHtml, HasEveryChartTableAndFact) {
  const std::string page = page_of(result_of());
  expect_well_formed(page);
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
  for (const char* id : {"latency", "captures", "cumulative", "hit-rate", "bytes"}) {
    EXPECT_THAT(figure_of(page, id), HasSubstr("<svg viewBox=\"0 0 420.0 ")) << id;
    EXPECT_THAT(figure_of(page, id), HasSubstr("<ul class=\"legend\">")) << id;
    EXPECT_THAT(figure_of(page, id), HasSubstr("class=\"axis-name")) << id;
  }
  for (const char* text :
       {"openvino 2026.1.0 on cpu", "A processor, 2 cores", "commit 0123abcd",
        "replayrt bench rec.onnx --shapes 1x8,2x8", "2026-11-26 19:00 UTC",
        "<td>eager</td><td>3</td><td>4.00 ms</td>", "<td>1x8</td><td>4.00 ms</td><td>51.00 ms</td>",
        "largest difference to the eager answer: 0.25", "3 per mode: 1 round of 3 calls"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
}

TEST(BenchHtml, RefersToNothingOutsideAndRunsNothing) {
  const std::string page = page_of(result_of());
  for (const char* text : {"http:", "https:", "url(", "@import", "src=", "href=", "<script",
                           "<link", "onload", "xmlns"}) {
    EXPECT_THAT(page, Not(HasSubstr(text)));
  }
  EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
}

TEST(BenchHtml, TextsFromOutsideStayTexts) {
  const std::string hostile = "</title></style><script>alert('1')</script>&\"><img src=x>\x01\xFF";
  BenchFacts with = facts();
  with.model = with.command = with.cpu = with.commit = with.device = with.backend_text = hostile;
  Workload shapes = two_shapes();
  shapes.cases[0].name = hostile;
  BenchResult result = result_of();
  result.modes[1].reasons[hostile] = 1;
  const std::string page = bench_html(with, shapes, {}, result);
  expect_well_formed(page);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("\x01")));
  EXPECT_THAT(page, Not(HasSubstr("\xFF")));
  EXPECT_THAT(page,
              HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;&gt;&lt;img "
                        "src=x&gt;\xEF\xBF\xBD\xEF\xBF\xBD"));
}

TEST(BenchHtml, OtherMeasurementsGiveOtherCharts) {
  const std::string page = page_of(result_of());
  EXPECT_EQ(page, page_of(result_of())) << "and the same ones the same page";
  const std::string slow = page_of(result_of(200, 4));
  for (const char* id : {"latency", "captures", "cumulative", "hit-rate"}) {
    EXPECT_NE(figure_of(page, id), figure_of(slow, id)) << id;
  }
  EXPECT_EQ(figure_of(page, "bytes"), figure_of(slow, "bytes"));
  BenchResult bounded = result_of();
  bounded.modes[1].cache->max_bytes = 8 << 20;
  EXPECT_THAT(figure_of(page_of(bounded), "bytes"), HasSubstr(">max bytes 8 MB</text>"));
  EXPECT_THAT(figure_of(page, "bytes"), HasSubstr("Its bytes have no bound"));
  BenchResult roomy = result_of();
  roomy.modes[1].cache->capacity = 1000;
  EXPECT_THAT(figure_of(page_of(roomy), "bytes"),
              HasSubstr("The capacity 1000 is far beyond the axis."));
}

TEST(BenchHtml, LeavesOutWhatWasNotRun) {
  BenchResult eager = result_of();
  eager.modes.pop_back();
  const std::string page = page_of(eager);
  expect_well_formed(page);
  for (const char* id : {"captures", "hit-rate", "bytes"}) {
    EXPECT_THAT(figure_of(page, id), IsEmpty()) << id;
  }
  EXPECT_THAT(figure_of(page, "latency"), HasSubstr("4 ms, p99 4 ms"));
  BenchResult recapture = result_of();
  recapture.modes[1].mode = Mode::kRecapture;
  EXPECT_THAT(figure_of(page_of(recapture), "cumulative"), HasSubstr("recaptured"));
  EXPECT_THAT(figure_of(page_of(recapture), "hit-rate"), IsEmpty());
}

TEST(LatencyChart, HasMedianAndP99OfEachRoute) {
  const BarChart others = latency_chart(two_shapes(), result_of(), false);
  ASSERT_THAT(others.groups, SizeIs(2));
  EXPECT_EQ(others.groups[0].name, "1x8");
  ASSERT_THAT(others.groups[0].bars, SizeIs(2)) << "eager, and the call that was replayed";
  EXPECT_DOUBLE_EQ(others.groups[0].bars[1].value, 2e-3);
  EXPECT_EQ(others.groups[0].bars[1].series.name, "replay: replayed");
  EXPECT_THAT(others.groups[1].bars, SizeIs(1));
  EXPECT_EQ(others.unit.name, "ms");
  const BarChart captured = latency_chart(two_shapes(), result_of(), true);
  ASSERT_THAT(captured.groups, SizeIs(2));
  EXPECT_THAT(captured.groups[1].bars, SizeIs(1));
  EXPECT_DOUBLE_EQ(captured.groups[1].bars[0].further, 0.1);
}

TEST(LatencyChart, ShowsTheShapesThatAreCalledMost) {
  Workload many;
  ModeResult mode;
  for (std::size_t i = 0; i < 30; ++i) {
    many.cases.push_back(case_named(std::to_string(i)));
    for (std::size_t call = 0; call <= i; ++call) {
      many.calls.push_back(i);
      mode.call_times.push_back(1);
      mode.call_routes.push_back(Route::kEager);
    }
  }
  BenchResult result;
  result.modes = {mode};
  const BarChart chart = latency_chart(many, result, false);
  ASSERT_THAT(chart.groups, SizeIs(kMostShapesOfChart));
  EXPECT_EQ(chart.groups.front().name, "14");
  EXPECT_EQ(chart.groups.back().name, "29");
}

TEST(CumulativeChart, HasEagerReplayAndWhatCapturesTook) {
  const LineChart chart = cumulative_chart(result_of());
  ASSERT_THAT(chart.lines, SizeIs(3));
  const auto last = [&](std::size_t line) { return chart.lines[line].points.back(); };
  EXPECT_EQ(last(0).x, 3);
  EXPECT_DOUBLE_EQ(last(0).y, 0.013);
  EXPECT_DOUBLE_EQ(last(1).y, 0.202);
  EXPECT_DOUBLE_EQ(last(2).y, 0.2);
  EXPECT_TRUE(chart.lines[2].dashed);
  EXPECT_EQ(chart.lines[2].points[1].y, 0.1);
}

TEST(HitRateChart, HasTheRateSinceThePointBeforeAndOfAllCalls) {
  const LineChart chart = hit_rate_chart(result_of());
  ASSERT_THAT(chart.lines, SizeIs(2));
  std::vector<double> recent;
  for (const ChartPoint& point : chart.lines[0].points) {
    recent.push_back(point.y);
  }
  EXPECT_THAT(recent, ElementsAre(0, 0, 0, 0, 1, 1));
  EXPECT_DOUBLE_EQ(chart.lines[1].points.back().y, 1.0 / 3);
  EXPECT_DOUBLE_EQ(chart.lines[0].points.back().x, 0.202);
}

}  // namespace
}  // namespace replayrt::cli
