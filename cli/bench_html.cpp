#include "bench_html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "bench_charts.hpp"
#include "bench_figures.hpp"
#include "bench_html_style.hpp"
#include "bench_tables.hpp"
#include "replayrt/core/version.hpp"
#include "statistics.hpp"
#include "svg.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

// More are in the JSON; a browser must not choke on a page.
constexpr std::size_t kMostRows = 1000;

// Nothing may be loaded, whatever ends up in the page; kBenchStyle is allowed.
constexpr const char* kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="replayrt {}">
<title>{}</title>
<style>{}</style>
</head>
<body>
)";

constexpr const char* kLatencyNote =
    "Full bars: median; pale bars: to the 99th percentile. Axes begin at 0.";
constexpr const char* kCumulativeNote =
    "Each mode on a clock of its own that runs while its calls do. Where the lines cross, captures "
    "have paid back.";
constexpr const char* kHitRateNote = "Calls that were served by a graph captured before.";

std::string paragraph(std::string_view css_class, std::string_view text) {
  return fmt::format("<p class=\"{}\">{}</p>\n", css_class, escaped(text));
}

std::string figure(std::string_view id, std::string_view title, std::string_view note,
                   std::string_view content) {
  return fmt::format(
      "<figure id=\"{}\">\n<figcaption><h2>{}</h2>\n<p>{}</p></figcaption>\n{}</figure>\n", id,
      escaped(title), escaped(note), content);
}

template <class Chart>
std::string with_legend(const Chart& chart) {
  return legend_of(chart) + svg_of(chart);
}

std::string latency_figure(const Workload& workload, const BenchResult& result, bool captured) {
  const BarChart chart = latency_chart(workload, result, captured);
  if (chart.groups.empty()) {
    return "";
  }
  std::string note = kLatencyNote;
  if (workload.cases.size() > kMostShapesOfChart) {
    note += fmt::format(" The {} shapes with the most calls, of {}.", kMostShapesOfChart,
                        workload.cases.size());
  }
  return figure(captured ? "captures" : "latency", chart.title, note, with_legend(chart));
}

std::string held_figure(const BenchFacts& facts, const ModeResult& with) {
  const BarChart bytes = bytes_chart(facts, with);
  const BarChart graphs = graphs_chart(with);
  std::string note = fmt::format("Of the {} cache at its end.", to_string(with.mode));
  if (!bytes.bound) {
    note += " Its bytes have no bound (--max-bytes).";
  } else if (!shows_bound(bytes)) {
    note += fmt::format(" The bound, {}, is far beyond the axis.", bytes.bound->label);
  }
  if (!shows_bound(graphs)) {
    note += fmt::format(" The {} is far beyond the axis.", graphs.bound->label);
  }
  return figure(
      "bytes", bytes.title, note,
      fmt::format("{}<h3>{}</h3>\n{}", with_legend(bytes), escaped(graphs.title), svg_of(graphs)));
}

std::string charts(const BenchFacts& facts, const Workload& workload, const BenchResult& result) {
  std::string html = latency_figure(workload, result, false);
  const LineChart cumulative = cumulative_chart(result);
  html += figure("cumulative", cumulative.title, kCumulativeNote, with_legend(cumulative));
  html += latency_figure(workload, result, true);
  if (const LineChart rate = hit_rate_chart(result); !rate.lines.empty()) {
    html += figure("hit-rate", rate.title, kHitRateNote, with_legend(rate));
  }
  if (const ModeResult* with = mode_with_cache(result)) {
    html += held_figure(facts, *with);
  }
  return fmt::format("<div class=\"charts\">\n{}</div>\n", html);
}

std::string tile(std::string_view value, std::string_view what) {
  return fmt::format("<li><strong>{}</strong><span>{}</span></li>\n", escaped(value),
                     escaped(what));
}

/// The figures that are looked for first.
std::string tiles(const BenchPlan& plan, const BenchResult& result) {
  std::string html;
  for (const ModeResult& mode : result.modes) {
    html += tile(duration_text(summarize(mode.call_times).median),
                 fmt::format("{}, median", to_string(mode.mode)));
  }
  const ModeResult* replay = find_mode(result, Mode::kReplay);
  if (replay != nullptr) {
    if (const auto ratio = ratio_to_eager(result, *replay)) {
      html += tile(fmt::format("{:.3f}", *ratio), "time of a round, replay to eager");
    }
    const auto calls = static_cast<double>(std::max<std::size_t>(replay->call_times.size(), 1));
    html += tile(fmt::format("{:.1f} %", 100 * static_cast<double>(replay->replayed) / calls),
                 "of the calls replayed");
    html += tile(fmt::format("{}", replay->cache->captures),
                 (plan.cold ? "captures in the last round, " : "captures, ") +
                     duration_text(
                         std::chrono::duration<double>(replay->cache->capture_time_total).count()));
  }
  return fmt::format("<ul class=\"tiles\">\n{}</ul>\n", html);
}

std::string table_html(const Table& table) {
  std::string html;
  for (std::size_t i = 0; i < table.rows().size(); ++i) {
    const std::string_view cell = i == 0 ? "th" : "td";
    html += i == 0 ? "<thead><tr>" : i == 1 ? "<tbody><tr>" : "<tr>";
    for (const std::string& text : table.rows()[i]) {
      html += fmt::format("<{0}>{1}</{0}>", cell, escaped(text));
    }
    html += i == 0 ? "</tr></thead>\n" : "</tr>\n";
  }
  return fmt::format("<div class=\"scroll\" tabindex=\"0\"><table>\n{}{}</table></div>\n", html,
                     table.rows().size() > 1 ? "</tbody>" : "");
}

std::string section(std::string_view id, std::string_view title, std::string_view content) {
  return fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", id, escaped(title),
                     content);
}

std::string tables(const Workload& workload, const BenchPlan& plan, const BenchResult& result) {
  std::string modes = table_html(modes_table(result)) + paragraph("note", kModesNote);
  if (const ModeResult* with = mode_with_cache(result)) {
    for (const std::string& line : cache_lines(*with, plan)) {
      modes += paragraph("note", line);
    }
  }
  if (result.max_abs_difference) {
    modes += paragraph("note", fmt::format("largest difference to the eager answer: {:.3g}",
                                           *result.max_abs_difference));
  }
  std::string shapes = table_html(shapes_table(workload, result, kMostRows));
  if (workload.cases.size() > kMostRows) {
    shapes += paragraph(
        "note", fmt::format("... and {} more (--json has all)", workload.cases.size() - kMostRows));
  }
  std::string html = section("modes", "Modes", modes) + section("shapes", "Shapes", shapes);
  if (!result.trtexec.empty()) {
    html += section("trtexec", "trtexec",
                    table_html(trtexec_table(workload, result)) + paragraph("note", kTrtexecNote));
  }
  return html;
}

std::string facts_html(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan) {
  const std::vector<std::string> settings = settings_of(facts, plan);
  const std::string program =
      fmt::format("replayrt {}{}", kVersion,
                  facts.commit.empty() ? "" : fmt::format(", commit {}", facts.commit));
  std::string html;
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>("model", facts.model),
        {"backend", fmt::format("{} on {}, precision {}{}", facts.backend_text, facts.device,
                                facts.precision, threads_text(facts.threads))},
        {"calls", calls_text(facts, workload, plan)},
        {"settings", settings.empty() ? "the defaults" : join(settings, ", ")},
        {"program", program},
        {"machine",
         fmt::format("{}, {} core{}", facts.cpu, facts.cores, facts.cores == 1 ? "" : "s")},
        {"measured", facts.date}}) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, escaped(text));
  }
  html += fmt::format("<dt>command</dt><dd><code>{}</code></dd>\n", escaped(facts.command));
  return section("facts", "This run", fmt::format("<dl>\n{}</dl>\n", html));
}

}  // namespace

std::string bench_html(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan,
                       const BenchResult& result) {
  const std::string name = std::filesystem::path(facts.model).filename().string();
  return fmt::format(fmt::runtime(kHead), kVersion, escaped("Bench of " + name), kBenchStyle) +
         fmt::format("<h1>Bench of {}</h1>\n", escaped(name)) +
         paragraph("soft", fmt::format("{} on {}, {}", facts.backend_text, facts.device,
                                       calls_text(facts, workload, plan))) +
         tiles(plan, result) + charts(facts, workload, result) + tables(workload, plan, result) +
         facts_html(facts, workload, plan) + "</body>\n</html>\n";
}

}  // namespace replayrt::cli
