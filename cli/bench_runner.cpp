#include "bench_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "elements.hpp"
#include "error.hpp"
#include "progress.hpp"
#include "replayrt/core/infer.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::array<Mode, 3> kModes = {Mode::kEager, Mode::kRecapture, Mode::kReplay};

std::shared_ptr<GraphCache> make_cache(Mode mode, const GraphCacheOptions& options) {
  if (mode == Mode::kEager) {
    return nullptr;
  }
  GraphCacheOptions own = options;
  if (mode == Mode::kRecapture) {
    // It never holds more than the graph of the call under way, and must hold that one.
    own.capacity = 1;
  }
  return std::make_shared<GraphCache>(own);
}

/// One mode with its cache and what was measured so far.
class ModeRunner {
 public:
  ModeRunner(Mode mode, const Engine& engine, const GraphCacheOptions& options)
      : engine_(engine), cache_(make_cache(mode, options)) {
    result_.mode = mode;
    infer_options_.graph_cache = cache_;
  }

  [[nodiscard]] bool has_cache() const noexcept { return cache_ != nullptr; }

  InferResult call(const Case& with) const { return infer(engine_, with.views, infer_options_); }

  void begin_round() { result_.round_times.push_back(0); }

  /// One call of the round that was begun last, or of none if it is not measured.
  void run_call(const Case& with, bool measured) {
    // A shape that was refused stays refused: asking again each time would warn each time.
    if (result_.mode == Mode::kRecapture && cache_->get_current_size() > 0) {
      cache_->purge();
    }
    const auto start = std::chrono::steady_clock::now();
    const InferResult answer = call(with);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    if (measured) {
      result_.round_times.back() += time.count();
      record(answer, time.count());
    }
  }

  ModeResult take_result() {
    if (cache_ != nullptr) {
      cache_->wait_idle();
      result_.cache = cache_->stats();
    }
    return std::move(result_);
  }

 private:
  void record(const InferResult& answer, double seconds) {
    result_.call_times.push_back(seconds);
    switch (answer.route) {
      case Route::kEager:
        ++result_.eager;
        ++result_.reasons[std::string(to_string(answer.reason))];
        break;
      case Route::kCaptured:
        ++result_.captured;
        break;
      case Route::kReplayed:
        ++result_.replayed;
        break;
    }
  }

  const Engine& engine_;
  std::shared_ptr<GraphCache> cache_;
  InferOptions infer_options_;
  ModeResult result_;
};

double largest_difference(const TensorList& a, const TensorList& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, max_abs_difference(a[i].view(), b[i].view()));
  }
  return largest;
}

/// Fills the caches with every shape, and compares what they answer with the eager answer: the
/// first call captures, the second replays.
double warm_and_compare(const Engine& engine, const Workload& workload,
                        std::vector<ModeRunner>& runners) {
  constexpr int kCallsPerShape = 2;
  ProgressBar progress("warming", static_cast<std::int64_t>(workload.cases.size()));
  double largest = 0;
  for (const Case& with : workload.cases) {
    const InferResult expected = infer(engine, with.views);
    for (ModeRunner& runner : runners) {
      for (int i = 0; runner.has_cache() && i < kCallsPerShape; ++i) {
        largest =
            std::max(largest, largest_difference(runner.call(with).outputs, expected.outputs));
      }
    }
    progress.advance();
  }
  return largest;
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

BenchResult run_bench(const Engine& engine, const Workload& workload, const BenchPlan& plan) {
  std::vector<ModeRunner> runners;
  for (const Mode mode : plan.modes) {
    runners.emplace_back(mode, engine, plan.cache);
  }
  BenchResult result;
  if (std::ranges::any_of(runners, &ModeRunner::has_cache)) {
    result.max_abs_difference = warm_and_compare(engine, workload, runners);
  }
  const std::int64_t rounds = plan.warmup_rounds + plan.rounds;
  ProgressBar progress("measuring",
                       rounds * static_cast<std::int64_t>(workload.calls.size() * runners.size()));
  for (std::int64_t round = 0; round < rounds; ++round) {
    const bool measured = round >= plan.warmup_rounds;
    for (ModeRunner& runner : runners) {
      if (measured) {
        runner.begin_round();
      }
    }
    for (std::size_t position = 0; position < workload.calls.size(); ++position) {
      const Case& with = workload.cases[workload.calls[position]];
      // Whoever goes first finds other caches and clocks than who goes last.
      const std::size_t first = static_cast<std::size_t>(round) + position;
      for (std::size_t i = 0; i < runners.size(); ++i) {
        runners[(first + i) % runners.size()].run_call(with, measured);
        progress.advance();
      }
    }
  }
  for (ModeRunner& runner : runners) {
    result.modes.push_back(runner.take_result());
  }
  return result;
}

}  // namespace replayrt::cli
