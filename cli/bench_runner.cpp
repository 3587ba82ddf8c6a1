#include "bench_runner.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <random>
#include <utility>

#include "callers.hpp"
#include "elements.hpp"
#include "progress.hpp"
#include "replayrt/core/infer.hpp"

namespace replayrt::cli {
namespace {

double largest_difference(const TensorList& a, const TensorList& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, max_abs_difference(a[i].view(), b[i].view()));
  }
  return largest;
}

/// Compares what the caches answer for every shape with the eager answer, and so fills them: the
/// first call captures if the cache's settings let it, the second replays. None without a cache.
std::optional<double> call_and_compare(const Engine& engine, const Workload& workload,
                                       const BenchPlan& plan,
                                       const std::vector<ModeRunner>& runners, const char* title) {
  constexpr int kCallsPerShape = 2;
  if (std::ranges::all_of(runners, [](const auto& runner) { return runner.cache() == nullptr; })) {
    return std::nullopt;
  }
  ProgressBar progress(title, static_cast<std::int64_t>(workload.cases.size()));
  double largest = 0;
  for (const Case& with : workload.cases) {
    const InferResult expected = infer(engine, with.views);
    for (const ModeRunner& runner : runners) {
      for (int i = 0; runner.cache() != nullptr && i < kCallsPerShape; ++i) {
        largest =
            std::max(largest, largest_difference(runner.call(with).outputs, expected.outputs));
        if (plan.cache.capture == CaptureMode::kBackground) {
          runner.cache()->wait_idle();
        }
      }
    }
    progress.advance();
  }
  return largest;
}

void prewarm(ModeRunner& runner, const BenchPlan& plan) {
  if (plan.prewarm && runner.mode() == Mode::kReplay) {
    runner.prewarm(*plan.prewarm);
  }
}

/// What the plan wants to know of the replay mode's cache, as it is now.
void keep_what_is_asked(const std::vector<ModeRunner>& runners, const BenchPlan& plan,
                        BenchResult& result) {
  const auto replay = std::ranges::find(runners, Mode::kReplay, &ModeRunner::mode);
  if (replay == runners.end()) {
    return;
  }
  if (plan.keep_keys) {
    result.keys = replay->cache()->export_keys();
  }
  if (plan.keep_metrics) {
    result.metrics = replay->cache()->metrics();
  }
}

/// The rounds of a bench.
class Rounds {
 public:
  Rounds(const Workload& workload, const BenchPlan& plan, std::vector<ModeRunner>& runners)
      : workload_(workload), plan_(plan), runners_(runners) {
    // Mode by mode where modes would disturb each other: callers, or a capture in the background.
    if (plan.callers > 1 || plan.cache.capture == CaptureMode::kBackground) {
      callers_.emplace(static_cast<std::size_t>(plan.callers));
    }
  }

  void run() {
    const std::size_t calls = workload_.calls.size();
    const std::int64_t warmup = plan_.cold ? 0 : plan_.warmup_rounds;
    const std::int64_t rounds = warmup + plan_.rounds;
    ProgressBar progress("measuring", rounds * static_cast<std::int64_t>(calls * runners_.size()));
    for (std::int64_t round = 0; round < rounds; ++round) {
      const auto order = round_order(calls, plan_.shuffle_seed, round);
      const bool measured = round >= warmup;
      if (callers_) {
        run_in_turns(order, round, measured, progress);
      } else {
        run_interleaved(order, round, measured, progress);
      }
    }
  }

 private:
  using Order = std::vector<std::size_t>;

  [[nodiscard]] const Case& case_at(std::size_t position) const {
    return workload_.cases[workload_.calls[position]];
  }

  [[nodiscard]] RunContext context_of(std::size_t caller) const {
    return {.stream = plan_.streams.empty() ? nullptr : plan_.streams[caller].get()};
  }

  // Whoever goes first finds other caches and clocks than who goes last.
  ModeRunner& in_turn(std::size_t first, std::size_t i) {
    return runners_[(first + i) % runners_.size()];
  }

  void begin(ModeRunner& runner) const {
    if (plan_.cold) {
      runner.renew_cache();
      prewarm(runner, plan_);
    }
    runner.begin_round(workload_.calls.size());
  }

  void run_interleaved(const Order& order, std::int64_t round, bool measured,
                       ProgressBar& progress) {
    std::ranges::for_each(runners_, [this](ModeRunner& runner) { begin(runner); });
    for (std::size_t step = 0; step < order.size(); ++step) {
      for (std::size_t i = 0; i < runners_.size(); ++i) {
        in_turn(static_cast<std::size_t>(round) + step, i)
            .run_call(case_at(order[step]), order[step], context_of(0));
        progress.advance();
      }
    }
    for (ModeRunner& runner : runners_) {
      if (measured) {
        runner.end_round(std::nullopt);
      }
    }
  }

  void run_in_turns(const Order& order, std::int64_t round, bool measured, ProgressBar& progress) {
    for (std::size_t i = 0; i < runners_.size(); ++i) {
      ModeRunner& runner = in_turn(static_cast<std::size_t>(round), i);
      begin(runner);
      std::atomic<std::size_t> next{0};
      const double seconds = callers_->run([&](std::size_t caller) {
        try {
          for (std::size_t step = next++; step < order.size(); step = next++) {
            runner.run_call(case_at(order[step]), order[step], context_of(caller));
          }
        } catch (...) {
          next = order.size();  // The others need not go on.
          throw;
        }
      });
      if (measured) {
        runner.end_round(seconds);
      }
      if (runner.cache() != nullptr) {
        runner.cache()->wait_idle();  // What it still has to capture must not disturb the next.
      }
      progress.advance(static_cast<std::int64_t>(order.size()));
    }
  }

  const Workload& workload_;
  const BenchPlan& plan_;
  std::vector<ModeRunner>& runners_;
  std::optional<Callers> callers_;
};

}  // namespace

std::vector<std::size_t> round_order(std::size_t calls, std::optional<std::uint64_t> seed,
                                     std::int64_t round) {
  std::vector<std::size_t> order(calls);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (seed) {
    // std::shuffle may differ between standard libraries, which would make a seed mean little.
    std::mt19937_64 random(*seed * 0x9E3779B97F4A7C15ULL + static_cast<std::uint64_t>(round));
    for (std::size_t left = calls; left > 1; --left) {
      std::swap(order[left - 1], order[random() % left]);
    }
  }
  return order;
}

BenchResult run_bench(const Engine& engine, const Workload& workload, const BenchPlan& plan) {
  std::vector<ModeRunner> runners;
  for (const Mode mode : plan.modes) {
    runners.emplace_back(mode, engine, plan.cache);
  }
  const auto compare = [&](const char* title) {
    return call_and_compare(engine, workload, plan, runners, title);
  };
  BenchResult result;
  if (!plan.cold) {
    std::ranges::for_each(runners, [&](ModeRunner& runner) { prewarm(runner, plan); });
    result.max_abs_difference = compare("warming");
  }
  Rounds(workload, plan, runners).run();
  for (ModeRunner& runner : runners) {
    // A cold round's counters are those at its end, not with what was still queued then.
    if (!plan.cold && runner.cache() != nullptr) {
      runner.cache()->wait_idle();
      runner.note_cache();
    }
  }
  keep_what_is_asked(runners, plan, result);
  if (plan.cold) {
    result.max_abs_difference = compare("comparing");
  }
  for (ModeRunner& runner : runners) {
    result.modes.push_back(runner.take_result());
  }
  return result;
}

}  // namespace replayrt::cli
