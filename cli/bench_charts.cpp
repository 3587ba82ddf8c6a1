#include "bench_charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "bench_figures.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

// A rate is one of several calls where there are many.
constexpr std::size_t kMostIntervals = 40;

/// "32.4 ms": three digits, as there is little room.
std::string short_text(double seconds) {
  const AxisUnit unit = time_unit(seconds);
  return fmt::format("{:.3g} {}", seconds / unit.one, unit.name);
}

/// As plots.py of the Python package calls and colours them.
ChartSeries series_of(Mode mode, Route route) {
  const std::string_view name = to_string(mode);
  switch (mode) {
    case Mode::kEager:
      return {std::string(name), "eager"};
    case Mode::kRecapture:
      return {fmt::format("{}: {}", name, to_string(route)),
              route == Route::kCaptured ? "recaptured" : "uncaptured"};
    case Mode::kReplay:
      break;
  }
  return {fmt::format("{}: {}", name, to_string(route)), route == Route::kCaptured ? "captured"
                                                         : route == Route::kReplayed
                                                             ? "replayed"
                                                             : "unreplayed"};
}

/// The cases that are called most, in the order of their first calls.
std::vector<std::size_t> shown_cases(const Workload& workload) {
  std::vector<std::size_t> calls(workload.cases.size());
  for (const std::size_t index : workload.calls) {
    ++calls[index];
  }
  std::vector<std::size_t> cases(calls.size());
  std::iota(cases.begin(), cases.end(), std::size_t{0});
  std::ranges::stable_sort(cases, std::ranges::greater(), [&](std::size_t i) { return calls[i]; });
  cases.resize(std::min(cases.size(), kMostShapesOfChart));
  std::ranges::sort(cases);
  return cases;
}

ChartLine line_of(ChartSeries series, const std::vector<ServedSoFar>& timeline,
                  double ServedSoFar::*seconds) {
  ChartLine line{std::move(series), {{0, 0}}};
  for (const ServedSoFar& point : timeline) {
    line.points.push_back({static_cast<double>(point.calls), point.*seconds});
  }
  return line;
}

ChartBar bytes_bar(ChartSeries series, std::int64_t bytes) {
  return {std::move(series), static_cast<double>(bytes), 0, byte_size_text(bytes)};
}

}  // namespace

BarChart latency_chart(const Workload& workload, const BenchResult& result, bool captured) {
  BarChart chart{.title = captured ? "Latency of the calls that captured, by shape"
                                   : "Latency of eager and replayed calls, by shape",
                 .axis = "time of a call"};
  std::vector<std::vector<std::map<Route, Summary>>> routes;
  for (const ModeResult& mode : result.modes) {
    routes.push_back(case_routes(workload, mode));
  }
  double longest = 0;
  for (const std::size_t index : shown_cases(workload)) {
    BarGroup group{workload.cases[index].name, {}};
    for (std::size_t i = 0; i < result.modes.size(); ++i) {
      for (const auto& [route, summary] : routes[i][index]) {
        if ((route == Route::kCaptured) == captured) {
          group.bars.push_back(
              {series_of(result.modes[i].mode, route), summary.median, summary.p99,
               fmt::format("{}, p99 {}", short_text(summary.median), short_text(summary.p99))});
          longest = std::max(longest, summary.p99);
        }
      }
    }
    if (!group.bars.empty()) {
      chart.groups.push_back(std::move(group));
    }
  }
  chart.unit = time_unit(longest);
  return chart;
}

LineChart cumulative_chart(const BenchResult& result) {
  LineChart chart{.title = "Cumulative time of the calls",
                  .x_axis = "calls",
                  .y_axis = "time so far",
                  .x_unit = {1, "", true}};
  double longest = 0;
  const auto add = [&](ChartLine line) {
    longest = std::max(longest, line.points.back().y);
    chart.lines.push_back(std::move(line));
  };
  if (const ModeResult* eager = find_mode(result, Mode::kEager)) {
    add(line_of({"eager", "eager"}, eager->timeline.points(), &ServedSoFar::seconds));
  }
  if (const ModeResult* cached = mode_with_cache(result)) {
    const auto timeline = cached->timeline.points();
    const bool replays = cached->mode == Mode::kReplay;
    const std::string name(to_string(cached->mode));
    add(line_of({name, replays ? "replayed" : "recaptured"}, timeline, &ServedSoFar::seconds));
    if (cached->captured > 0 && replays) {
      ChartLine captures =
          line_of({"captures of replay", "captured"}, timeline, &ServedSoFar::captured_seconds);
      captures.dashed = true;
      add(std::move(captures));
    }
  }
  chart.y_unit = time_unit(longest);
  return chart;
}

LineChart hit_rate_chart(const BenchResult& result) {
  LineChart chart{.title = "Hit rate over time",
                  .x_axis = "time of the replay mode's calls",
                  .y_axis = "replayed calls",
                  .y_unit = {0.01, "%"},
                  .least_y_high = 1};
  const ModeResult* replay = find_mode(result, Mode::kReplay);
  const auto timeline = replay == nullptr ? std::vector<ServedSoFar>() : replay->timeline.points();
  if (timeline.empty()) {
    return chart;
  }
  chart.x_unit = time_unit(timeline.back().seconds);
  ChartLine recent{{"since the point before", "replayed"}, {}};
  ChartLine overall{{"of all calls so far", "unreplayed"}, {}, true};
  const std::size_t every = (timeline.size() + kMostIntervals - 1) / kMostIntervals;
  ServedSoFar before;
  for (std::size_t i = 0; i < timeline.size(); ++i) {
    const ServedSoFar& now = timeline[i];
    if ((i + 1) % every != 0 && i + 1 != timeline.size()) {
      continue;
    }
    const double rate = static_cast<double>(now.replayed - before.replayed) /
                        static_cast<double>(now.calls - before.calls);
    recent.points.push_back({before.seconds, rate});
    recent.points.push_back({now.seconds, rate});
    overall.points.push_back(
        {now.seconds, static_cast<double>(now.replayed) / static_cast<double>(now.calls)});
    before = now;
  }
  chart.lines = {std::move(recent), std::move(overall)};
  return chart;
}

BarChart bytes_chart(const BenchFacts& facts, const ModeResult& with) {
  const GraphCacheStats& stats = *with.cache;
  BarChart chart{.title = "Bytes by model, against the bound", .axis = "memory"};
  std::int64_t most = stats.peak_bytes;
  for (const EngineStats& engine : with.engines) {
    BarGroup group{std::filesystem::path(facts.model).filename().string(),
                   {bytes_bar({"graphs held", "replayed"}, engine.bytes)}};
    if (engine.shared_bytes > 0) {
      group.bars.push_back(bytes_bar({"shared by all runs", "unreplayed"}, engine.shared_bytes));
    }
    most = std::max({most, engine.bytes, engine.shared_bytes});
    chart.groups.push_back(std::move(group));
  }
  chart.groups.push_back({"the whole cache",
                          {bytes_bar({"graphs held", "replayed"}, stats.bytes),
                           bytes_bar({"most at any moment", "captured"}, stats.peak_bytes)}});
  if (stats.max_bytes != GraphCacheOptions::kUnbounded) {
    chart.bound = {static_cast<double>(stats.max_bytes),
                   "max bytes " + byte_size_text(stats.max_bytes)};
  }
  const double bound = shows_bound(chart) ? chart.bound->value : 0;
  chart.unit = byte_unit(std::max(static_cast<double>(most), bound));
  return chart;
}

BarChart graphs_chart(const ModeResult& with) {
  const GraphCacheStats& stats = *with.cache;
  return {.title = "Graphs held, against the capacity",
          .axis = "graphs",
          .unit = {1, "", true},
          .groups = {{"the whole cache",
                      {{{"graphs held", "replayed"},
                        static_cast<double>(stats.size),
                        0,
                        fmt::format("{}", stats.size)}}}},
          .bound = ChartBound{static_cast<double>(stats.capacity),
                              fmt::format("capacity {}", stats.capacity)}};
}

}  // namespace replayrt::cli
