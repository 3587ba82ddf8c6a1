// What eviction by worth saves beside eviction by age: one trace of shapes is played to both caches
// and eagerly, call by call in turns, with a budget of half of what all graphs hold. A replay saves
// the median eager time of its shape less the median replay of it, over the calls of all sides: the
// difference of a single call's two runs is mostly noise where a replay takes 0.95 of an eager run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "elements.hpp"
#include "program.hpp"
#include "replayrt/core/infer.hpp"
#include "shape_spec.hpp"
#include "statistics.hpp"
#include "zipf.hpp"

namespace {

using replayrt::Engine;
using replayrt::Eviction;
using replayrt::GraphCache;
using replayrt::GraphCacheOptions;
using replayrt::InferResult;
using replayrt::Route;
using replayrt::Tensor;
using replayrt::TensorView;

struct Options : replayrt::benchmarks::ModelFlags {
  std::string trace = "zipf";
  double exponent = 1.1;
  std::int64_t calls = 400;
  std::int64_t seed = 1;
};

/// Positions of shapes. Zipf: the ranks go to the shapes in an order drawn from the seed.
std::vector<std::size_t> make_trace(const Options& options, std::size_t shapes) {
  std::mt19937_64 random(static_cast<std::uint64_t>(options.seed));
  const bool is_zipf = options.trace == "zipf";
  std::vector<std::size_t> of_rank(shapes);
  std::iota(of_rank.begin(), of_rank.end(), std::size_t{0});
  for (std::size_t i = shapes; is_zipf && i > 1; --i) {
    std::swap(of_rank[i - 1], of_rank[random() % i]);
  }
  const replayrt::benchmarks::ZipfNumbers draw(shapes, options.exponent);
  std::vector<std::size_t> trace;
  for (std::size_t call = 0; call < static_cast<std::size_t>(options.calls); ++call) {
    trace.push_back(of_rank[is_zipf ? draw(random) : call % shapes]);
  }
  return trace;
}

/// Seconds of the calls of one shape.
struct ShapeTimes {
  std::vector<double> eager;
  std::vector<double> replay;
};

/// One way to serve the calls, and what it came to.
struct Side {
  std::shared_ptr<GraphCache> cache{};  ///< Null: eagerly.
  double total_s = 0;
  std::vector<std::int64_t> replays{};  ///< Of each shape.

  void play(const Engine& engine, const Tensor& input, std::size_t shape, ShapeTimes& times) {
    const TensorView view = input.view();
    const auto begin = std::chrono::steady_clock::now();
    const Route route = infer(engine, {&view, 1}, {.graph_cache = cache}).route;
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    total_s += took;
    if (route == Route::kReplayed) {
      ++replays.at(shape);
      times.replay.push_back(took);
    } else if (cache == nullptr) {
      times.eager.push_back(took);
    }
  }
};

double saved_s(const Side& side, const std::vector<ShapeTimes>& times) {
  double saved = 0;
  for (std::size_t shape = 0; shape < times.size(); ++shape) {
    if (side.replays[shape] > 0) {
      saved +=
          static_cast<double>(side.replays[shape]) *
          (replayrt::cli::median(times[shape].eager) - replayrt::cli::median(times[shape].replay));
    }
  }
  return saved;
}

std::int64_t working_set(const Engine& engine, const std::vector<Tensor>& inputs) {
  const auto cache = std::make_shared<GraphCache>(GraphCacheOptions{
      .capacity = GraphCacheOptions::kUnbounded, .admission = replayrt::Admission::always()});
  for (const Tensor& input : inputs) {
    const TensorView view = input.view();
    // Those that cannot be captured are no part of it.
    static_cast<void>(infer(engine, {&view, 1}, {.graph_cache = cache}));
  }
  return cache->stats().bytes;
}

nlohmann::ordered_json json_of(const Side& side, const std::vector<ShapeTimes>& times) {
  const replayrt::GraphCacheStats stats = side.cache->stats();
  return {{"total_s", side.total_s},
          {"saved_s", saved_s(side, times)},
          {"capture_s", std::chrono::duration<double>(stats.capture_time_total).count()},
          {"replayed", stats.replayed},
          {"captured", stats.captured},
          {"eager", stats.eager},
          {"captures", stats.captures},
          {"evictions", stats.evictions},
          {"peak_bytes", stats.peak_bytes}};
}

void run(const Options& options) {
  const Engine engine = replayrt::cli::load(options.load);
  std::vector<Tensor> inputs;
  for (const replayrt::cli::ShapeSpec& spec : replayrt::cli::parse_shape_list(options.shapes)) {
    inputs.push_back(
        replayrt::cli::random_tensor(replayrt::DType::kF32, spec.at(0).shape, /*seed=*/1));
  }
  const std::int64_t all_bytes = working_set(engine, inputs);
  if (all_bytes == 0) {
    throw std::runtime_error("expected graphs that hold memory: none of the shapes has one");
  }
  const auto with = [&](Eviction eviction) {
    return Side{.cache = std::make_shared<GraphCache>(
                    GraphCacheOptions{.capacity = GraphCacheOptions::kUnbounded,
                                      .max_bytes = all_bytes / 2,
                                      .eviction = eviction,
                                      .admission = replayrt::Admission::always()}),
                .replays = std::vector<std::int64_t>(inputs.size())};
  };
  Side eager;
  std::vector<ShapeTimes> times(inputs.size());
  std::array sides{with(Eviction::kLeastRecentlyUsed), with(Eviction::kCostAware)};
  const std::vector<std::size_t> trace = make_trace(options, inputs.size());
  for (std::size_t call = 0; call < trace.size(); ++call) {
    const std::size_t shape = trace[call];
    // Who goes first changes: the others find caches of the CPU warm.
    const std::array<Side*, 3> order{&eager, &sides[0], &sides[1]};
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[(call + i) % order.size()]->play(engine, inputs[shape], shape, times[shape]);
    }
  }
  const nlohmann::ordered_json report = {{"model", options.load.model.stem().string()},
                                         {"trace", options.trace},
                                         {"shapes", inputs.size()},
                                         {"calls", trace.size()},
                                         {"working_set_bytes", all_bytes},
                                         {"max_bytes", all_bytes / 2},
                                         {"eager_s", eager.total_s},
                                         {"lru", json_of(sides[0], times)},
                                         {"cost_aware", json_of(sides[1], times)}};
  replayrt::benchmarks::write_report(options, report);
  fmt::print("{}\n", report.dump(2));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Plays a trace to a cache that gives up the least recently used graph and to one that gives "
      "up the one that saves least; the model has one f32 input.",
      "eviction");
  replayrt::benchmarks::add_model_flags(app, options);
  app.add_option("--trace", options.trace, "zipf, or cycle: the shapes one after the other")
      ->check(CLI::IsMember({"zipf", "cycle"}));
  app.add_option("--exponent", options.exponent, "Of Zipf's law")->check(CLI::PositiveNumber);
  replayrt::cli::add_number(app, "--calls", options.calls, 1, replayrt::cli::kNoLimit,
                            "Calls of the trace");
  replayrt::cli::add_number(app, "--seed", options.seed, 0, replayrt::cli::kNoLimit,
                            "Seed of the trace");
  return replayrt::benchmarks::run_program(app, argc, argv, [&] { run(options); });
}
