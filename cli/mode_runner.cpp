#include "mode_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

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

void ModeRunner::run_call(const Case& with, std::size_t position, const RunContext& context) {
  // A shape that was refused stays refused: asking again each time would warn each time.
  if (result_.mode == Mode::kRecapture && cache()->get_current_size() > 0) {
    cache()->purge();
  }
  InferOptions options = infer_options_;
  options.context = context;
  const auto start = std::chrono::steady_clock::now();
  const InferResult answer = infer(engine_, with.views, options);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  round_[position] = {time.count(), answer.route, answer.reason};
}

void ModeRunner::end_round(std::optional<double> wall_seconds) {
  double sum = 0;
  for (const Served& served : round_) {
    sum += served.seconds;
    result_.call_times.push_back(served.seconds);
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
  result_.round_times.push_back(wall_seconds.value_or(sum));
  if (cache() != nullptr) {
    note_cache();
  }
}

void ModeRunner::note_cache() {
  result_.cache = cache()->stats();
}

}  // namespace replayrt::cli
