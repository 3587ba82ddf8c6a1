#include "bench_figures.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace replayrt::cli {

const ModeResult* find_mode(const BenchResult& result, Mode mode) {
  const auto found = std::ranges::find(result.modes, mode, &ModeResult::mode);
  return found == result.modes.end() ? nullptr : &*found;
}

const ModeResult* mode_with_cache(const BenchResult& result) {
  const ModeResult* replay = find_mode(result, Mode::kReplay);
  return replay != nullptr ? replay : find_mode(result, Mode::kRecapture);
}

double total_time(const ModeResult& mode) {
  return summarize(mode.round_times).total;
}

std::optional<double> total_ratio(const BenchResult& result, const ModeResult& mode) {
  const ModeResult* eager = find_mode(result, Mode::kEager);
  const double eager_total = eager == nullptr ? 0.0 : total_time(*eager);
  return eager_total > 0 ? std::optional(total_time(mode) / eager_total) : std::nullopt;
}

std::optional<double> ratio_to_eager(const BenchResult& result, const ModeResult& mode) {
  const ModeResult* eager = find_mode(result, Mode::kEager);
  if (eager == nullptr) {
    return std::nullopt;
  }
  std::vector<double> ratios;
  for (std::size_t i = 0; i < mode.round_times.size(); ++i) {
    ratios.push_back(mode.round_times[i] / eager->round_times[i]);
  }
  return median(std::move(ratios));
}

std::vector<double> case_medians(const Workload& workload, const ModeResult& mode) {
  std::vector<std::vector<double>> times(workload.cases.size());
  for (std::size_t i = 0; i < mode.call_times.size(); ++i) {
    times[workload.calls[i % workload.calls.size()]].push_back(mode.call_times[i]);
  }
  std::vector<double> medians;
  medians.reserve(times.size());
  for (std::vector<double>& of_case : times) {
    medians.push_back(median(std::move(of_case)));
  }
  return medians;
}

std::vector<std::map<Route, Summary>> case_routes(const Workload& workload,
                                                  const ModeResult& mode) {
  std::vector<std::map<Route, std::vector<double>>> times(workload.cases.size());
  for (std::size_t i = 0; i < mode.call_routes.size(); ++i) {
    const std::size_t index = workload.calls[i % workload.calls.size()];
    times[index][mode.call_routes[i]].push_back(mode.call_times[i]);
  }
  std::vector<std::map<Route, Summary>> routes(times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    for (const auto& [route, of_route] : times[i]) {
      routes[i][route] = summarize(of_route);
    }
  }
  return routes;
}

}  // namespace replayrt::cli
