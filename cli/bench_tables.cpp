#include "bench_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "bench_figures.hpp"
#include "cache_settings.hpp"
#include "statistics.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

std::string ratio_text(std::optional<double> ratio) {
  return ratio ? fmt::format("{:.3f}", *ratio) : "-";
}

std::string time_text(std::optional<double> seconds) {
  return seconds ? duration_text(*seconds) : "-";
}

std::string prewarm_text(const PrewarmReport& report) {
  std::string text = fmt::format("keys loaded: {} prewarmed", report.accepted);
  for (const auto& [count, what] :
       {std::pair(report.held, "held already"), std::pair(report.refused, "refused"),
        std::pair(report.no_room, "without room"), std::pair(report.unknown, "of other models")}) {
    if (count > 0) {
      text += fmt::format(", {} {}", count, what);
    }
  }
  return text;
}

}  // namespace

std::string admission_text(const BenchPlan& plan) {
  return plan.cache.admission ? plan.cache.admission->to_string() : "the backend's";
}

std::string threads_text(std::int64_t threads) {
  return threads == 0 ? "" : fmt::format(", {} thread{}", threads, threads == 1 ? "" : "s");
}

std::vector<std::string> settings_of(const BenchFacts& facts, const BenchPlan& plan) {
  const GraphCacheOptions& cache = plan.cache;
  std::vector<std::string> settings;
  if (cache.admission != Admission::always()) {
    settings.push_back("admission " + admission_text(plan));
  }
  if (cache.eviction != Eviction::kLeastRecentlyUsed) {
    settings.push_back(fmt::format("eviction {}", to_string(cache.eviction)));
  }
  if (cache.capture != CaptureMode::kInline) {
    settings.push_back("capture " + to_string(cache.capture));
  }
  if (cache.verify.probability < 1) {
    settings.push_back("verify " + to_string(cache.verify));
  }
  if (cache.max_instances_per_key > 1) {
    settings.push_back(fmt::format("{} instances of a shape", cache.max_instances_per_key));
  }
  if (!plan.streams.empty()) {
    settings.push_back(fmt::format("{} caller{}, each with a stream of its own", plan.callers,
                                   plan.callers == 1 ? "" : "s"));
  } else if (plan.callers > 1) {
    settings.push_back(fmt::format("{} callers", plan.callers));
  }
  if (plan.shuffle_seed) {
    settings.push_back(fmt::format("shuffled with seed {}", *plan.shuffle_seed));
  }
  if (facts.repeat > 1) {
    settings.push_back(fmt::format("trace repeated {} times", facts.repeat));
  }
  if (plan.cold) {
    settings.emplace_back("cold: every round begins with an empty cache");
  }
  return settings;
}

std::string calls_text(const BenchFacts& facts, const Workload& workload, const BenchPlan& plan) {
  return fmt::format("{} per mode: {} of {}, modes {}, {}, seed {}",
                     plan.rounds * static_cast<std::int64_t>(workload.calls.size()),
                     counted(static_cast<std::uint64_t>(plan.rounds), "round"),
                     counted(workload.calls.size(), "call"),
                     plan.callers > 1 ? "round by round" : "interleaved",
                     counted(workload.cases.size(), "distinct shape"), facts.seed);
}

Table modes_table(const BenchResult& result) {
  Table table({"mode", "calls", "median", "p99", "mean", "calls/s", "to eager"});
  for (const ModeResult& mode : result.modes) {
    const Summary summary = summarize(mode.call_times);
    table.add({std::string(to_string(mode.mode)), fmt::format("{}", summary.count),
               duration_text(summary.median), duration_text(summary.p99),
               duration_text(summary.mean),
               fmt::format("{:.1f}", static_cast<double>(summary.count) / total_time(mode)),
               ratio_text(ratio_to_eager(result, mode))});
  }
  return table;
}

Table shapes_table(const Workload& workload, const BenchResult& result, std::size_t most) {
  std::vector<std::string> header = {"shape (median)"};
  std::vector<std::vector<double>> medians;
  for (const ModeResult& mode : result.modes) {
    header.emplace_back(to_string(mode.mode));
    medians.push_back(case_medians(workload, mode));
  }
  Table table(std::move(header));
  for (std::size_t i = 0; i < std::min(workload.cases.size(), most); ++i) {
    std::vector<std::string> row = {workload.cases[i].name};
    for (const std::vector<double>& of_mode : medians) {
      row.push_back(duration_text(of_mode[i]));
    }
    table.add(std::move(row));
  }
  return table;
}

Table trtexec_table(const Workload& workload, const BenchResult& result) {
  Table table({"shape (median)", "mode", "replayrt call", "trtexec latency", "enqueue", "GPU"});
  for (const TrtexecRun& run : result.trtexec) {
    table.add({workload.cases[run.index].name, std::string(to_string(run.mode)),
               duration_text(case_medians(workload, *find_mode(result, run.mode))[run.index]),
               time_text(run.times.latency_median), time_text(run.times.enqueue_median),
               duration_text(run.times.gpu_median)});
  }
  return table;
}

std::vector<std::string> cache_lines(const ModeResult& mode, const BenchPlan& plan) {
  const GraphCacheStats& stats = *mode.cache;
  std::vector<std::string> lines;
  lines.push_back(fmt::format(
      "{} cache: {} captures (median {:.1f} ms), {} hits, {} misses, {} evictions; holds {} "
      "graphs, {} (capacity {}, max bytes {})",
      to_string(mode.mode), stats.captures,
      std::chrono::duration<double, std::milli>(stats.capture_time_median).count(), stats.hits,
      stats.misses, stats.evictions, stats.size, byte_size_text(stats.bytes), stats.capacity,
      plan.cache.max_bytes == GraphCacheOptions::kUnbounded
          ? "unlimited"
          : byte_size_text(plan.cache.max_bytes)));
  if (mode.prewarm) {
    lines.push_back(prewarm_text(*mode.prewarm));
  }
  if (stats.shared_bytes > 0) {
    lines.push_back(fmt::format("shared by all runs of the engine: {} of activation memory",
                                byte_size_text(stats.shared_bytes)));
  }
  std::string served = fmt::format("measured {} calls: {} replayed, {} captured, {} eager",
                                   to_string(mode.mode), mode.replayed, mode.captured, mode.eager);
  for (const auto& [reason, count] : mode.reasons) {
    served += fmt::format(" ({} {})", count, reason);
  }
  lines.push_back(std::move(served));
  return lines;
}

}  // namespace replayrt::cli
