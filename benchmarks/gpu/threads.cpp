// Calls per second of 1, 2, 4, … threads, each with a stream of its own, on engines that share one
// cache.

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "callers.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "sides.hpp"
#include "statistics.hpp"
#include "text.hpp"

namespace replayrt::benchmarks {
namespace {

std::vector<std::size_t> parse_threads(const std::string& text) {
  std::vector<std::size_t> threads;
  for (const std::string_view part : cli::split(text, ',')) {
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), count);
    if (error != std::errc() || end != part.data() + part.size() || count == 0) {
      throw cli::UsageError(fmt::format("--threads: expected numbers like 1,2,4, got '{}'", text));
    }
    threads.push_back(count);
  }
  return threads;
}

/// Engines of one cache, and what their callers need.
class Fleet {
 public:
  /// With the first `engines` of the options' plans.
  Fleet(const ThreadsOptions& options, std::size_t engines, std::size_t threads)
      : engines_(options.common.load_engines(engines)), callers_(threads) {
    const std::vector<Tensor> inputs = options.common.inputs();
    for (const Engine& engine : engines_) {
      std::vector<Tensor>& on_device = inputs_.emplace_back();
      for (const Tensor& input : inputs) {
        on_device.push_back(to_device(engine, input));
      }
    }
    for (std::size_t i = 0; i < threads; ++i) {
      streams_.push_back(make_stream(engines_[i % engines]));
    }
    const auto keys = static_cast<std::int64_t>(engines * inputs.size());
    cache_ = std::make_shared<GraphCache>(
        GraphCacheOptions{.capacity = keys,
                          .admission = Admission::always(),
                          .max_instances_per_key = options.common.load.tensorrt.activation_slots});
  }

  /// Calls per second of all threads together.
  double run(std::int64_t calls, bool cached) {
    const double seconds = callers_.run([&](std::size_t caller) {
      const std::size_t engine = caller % engines_.size();
      const std::vector<Tensor>& inputs = inputs_[engine];
      InferOptions options{.graph_cache = cached ? cache_ : nullptr};
      options.context.stream = streams_[caller].get();
      for (std::int64_t i = 0; i < calls; ++i) {
        // Callers of one engine are at different shapes.
        const TensorView view =
            inputs[(static_cast<std::size_t>(i) + caller) % inputs.size()].view();
        infer(engines_[engine], {&view, 1}, options);
      }
    });
    return static_cast<double>(calls) * static_cast<double>(streams_.size()) / seconds;
  }

  GraphCacheStats stats() const { return cache_->stats(); }

 private:
  std::vector<Engine> engines_;
  std::vector<std::vector<Tensor>> inputs_;     ///< By engine.
  std::vector<std::shared_ptr<void>> streams_;  ///< By thread.
  std::shared_ptr<GraphCache> cache_;
  cli::Callers callers_;
};

Json measure(const ThreadsOptions& options, std::size_t engines, std::size_t threads) {
  Fleet fleet(options, engines, threads);
  fleet.run(options.calls, true);  // Captures.
  fleet.run(options.calls, false);
  const GraphCacheStats before = fleet.stats();
  std::vector<double> eager;
  std::vector<double> replay;
  std::vector<double> ratios;
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    const bool replay_first = round % 2 != 0;
    (replay_first ? replay : eager).push_back(fleet.run(options.calls, replay_first));
    (replay_first ? eager : replay).push_back(fleet.run(options.calls, !replay_first));
    ratios.push_back(replay.back() / eager.back());
  }
  const GraphCacheStats after = fleet.stats();
  const auto calls = static_cast<double>(after.calls - before.calls);
  const double replayed = static_cast<double>(after.replayed - before.replayed) / calls;
  fmt::print(
      "{} engines, {} threads: eager {:.0f}/s, replay {:.0f}/s ({:.2f}), {:.0f} % replayed\n",
      engines, threads, cli::median(eager), cli::median(replay), cli::median(ratios),
      100 * replayed);
  return {{"engines", engines},
          {"threads", threads},
          {"eager_calls_per_s", cli::median(eager)},
          {"replay_calls_per_s", cli::median(replay)},
          {"ratio", cli::median(ratios)},
          {"replayed", replayed}};
}

}  // namespace

Json measure_threads(const ThreadsOptions& options) {
  Json report = describe(options.common);
  report["rows"] = Json::array();
  const std::vector<std::size_t> threads = parse_threads(options.threads);
  const std::size_t plans = options.common.more_plans.size() + 1;
  for (const std::size_t engines :
       plans == 1 ? std::vector<std::size_t>{1} : std::vector<std::size_t>{1, plans}) {
    for (const std::size_t count : threads) {
      report["rows"].push_back(measure(options, engines, count));
    }
  }
  return report;
}

}  // namespace replayrt::benchmarks
