#include "mode_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>

#include "error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::array<Mode, 3> kModes = {Mode::kEager, Mode::kRecapture, Mode::kReplay};

GraphCacheOptions options_of(Mode mode, GraphCacheOptions options) {
  if (mode == Mode::kRecapture) {
    // It never holds more than the graph of the call under way, must hold that one, and must not
    // be kept from capturing it.
    options.capacity = 1;
    options.admission = Admission::always();
    options.capture = CaptureMode::kInline;
    options.max_instances_per_key = 1;
  }
  return options;
}

}  // namespace

std::string_view to_string(Mode mode) noexcept {
  switch (mode) {
    case Mode::kEager:
      return "eager";
    case Mode::kRecapture:
      return "recapture";
    case Mode::kReplay:
      return "replay";
  }
  return "unknown";
}

std::vector<Mode> parse_modes(std::string_view text) {
  std::vector<Mode> modes;
  for (const std::string_view part : split(text, ',')) {
    const auto mode =
        std::ranges::find(kModes, trim(part), [](Mode known) { return to_string(known); });
    if (mode == kModes.end() || std::ranges::count(modes, *mode) > 0) {
      throw UsageError(fmt::format(
          "--modes: expected some of eager,recapture,replay, each once, got {}", in_quotes(text)));
    }
    modes.push_back(*mode);
  }
  return modes;
}

void Timeline::add(double seconds, Route route, double call_seconds) {
  total_.seconds = seconds;
  total_.captured_seconds += route == Route::kCaptured ? call_seconds : 0;
  ++total_.calls;
  total_.captured += route == Route::kCaptured ? 1 : 0;
  total_.replayed += route == Route::kReplayed ? 1 : 0;
  if (total_.calls % stride_ != 0) {
    return;
  }
  if (points_.size() + 1 == kMostPoints) {  // One is for the last call.
    for (std::size_t kept = 0; 2 * kept + 1 < points_.size(); ++kept) {
      points_[kept] = points_[2 * kept + 1];
    }
    points_.resize(points_.size() / 2);
    stride_ *= 2;
  }
  if (total_.calls % stride_ == 0) {
    points_.push_back(total_);
  }
}

std::vector<ServedSoFar> Timeline::points() const {
  std::vector<ServedSoFar> points = points_;
  if (total_.calls > 0 && (points.empty() || points.back().calls != total_.calls)) {
    points.push_back(total_);
  }
  return points;
}

ModeRunner::ModeRunner(Mode mode, const Engine& engine, const GraphCacheOptions& options)
    : engine_(engine), options_(options_of(mode, options)) {
  result_.mode = mode;
  renew_cache();
}

InferResult ModeRunner::call(const Case& with) const {
  return infer(engine_, with.views, infer_options_);
}

void ModeRunner::renew_cache() {
  if (result_.mode != Mode::kEager) {
    infer_options_.graph_cache.reset();  // First, so that two caches' graphs never live together.
    infer_options_.graph_cache = std::make_shared<GraphCache>(options_);
  }
}

void ModeRunner::prewarm(const std::vector<SavedKey>& keys) {
  const std::array<const Engine*, 1> engines = {&engine_};
  const bool background = options_.capture == CaptureMode::kBackground;
  result_.prewarm = cache()->import_keys(
      keys, engines, background ? PrewarmMode::kBackground : PrewarmMode::kInline);
}

void ModeRunner::run_call(const Case& with, std::size_t position, const RunContext& context) {
  // A shape that was refused stays refused: asking again each time would warn each time.
  if (result_.mode == Mode::kRecapture && cache()->get_current_size() > 0) {
    cache()->purge();
  }
  InferOptions options = infer_options_;
  options.context = context;
  const Clock::time_point start = Clock::now();
  const InferResult answer = infer(engine_, with.views, options);
  const Clock::time_point ended = Clock::now();
  const std::chrono::duration<double> time = ended - start;
  round_[position] = {time.count(), ended, answer.route, answer.reason};
}

void ModeRunner::end_round(std::optional<double> wall_seconds) {
  double sum = 0;
  for (const Served& served : round_) {
    sum += served.seconds;
    result_.call_times.push_back(served.seconds);
    result_.call_routes.push_back(served.route);
    switch (served.route) {
      case Route::kEager:
        ++result_.eager;
        ++result_.reasons[std::string(to_string(served.reason))];
        break;
      case Route::kCaptured:
        ++result_.captured;
        break;
      case Route::kReplayed:
        ++result_.replayed;
        break;
    }
  }
  note_timeline(wall_seconds);
  result_.round_times.push_back(wall_seconds.value_or(sum));
  elapsed_ += result_.round_times.back();
  if (cache() != nullptr) {
    note_cache();
  }
}

/// On the round's own clock: the wall's since its first call began, or the sum of the calls so far,
/// as other modes run in between.
void ModeRunner::note_timeline(std::optional<double> wall_seconds) {
  std::vector<std::reference_wrapper<const Served>> in_order(round_.begin(), round_.end());
  std::ranges::stable_sort(in_order, {}, [](const Served& served) { return served.ended; });
  const auto began = [](const Served& served) {
    return served.ended - std::chrono::duration_cast<Clock::duration>(
                              std::chrono::duration<double>(served.seconds));
  };
  const Clock::time_point begin =
      in_order.empty() ? Clock::time_point{} : began(*std::ranges::min_element(round_, {}, began));
  double sum = 0;
  for (const Served& served : in_order) {
    sum += served.seconds;
    const std::chrono::duration<double> passed = served.ended - begin;
    result_.timeline.add(elapsed_ + (wall_seconds ? std::min(passed.count(), *wall_seconds) : sum),
                         served.route, served.seconds);
  }
}

void ModeRunner::note_cache() {
  GraphCacheReport report = cache()->report();
  result_.cache = report.totals;
  result_.engines = std::move(report.engines);
}

}  // namespace replayrt::cli
