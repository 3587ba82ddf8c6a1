// What a saved working set is worth after a restart: the first calls of a workload whose shapes
// follow Zipf's law, with the keys that a run before has saved and without them, in turns. Every
// start loads the model anew; the clock runs from before the key file is read to the end of the
// last call, and what the cache's thread captures meanwhile slows the calls down as it would.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "cache_settings.hpp"
#include "elements.hpp"
#include "program.hpp"
#include "replayrt/core/infer.hpp"
#include "replayrt/saved_keys.hpp"
#include "shape_spec.hpp"
#include "statistics.hpp"
#include "zipf.hpp"

namespace {

using replayrt::Engine;
using replayrt::GraphCache;
using replayrt::GraphCacheOptions;
using replayrt::PrewarmMode;
using replayrt::PrewarmReport;
using replayrt::Tensor;
using replayrt::TensorView;
using Seconds = std::chrono::duration<double>;

struct Options : replayrt::benchmarks::ModelFlags {
  std::int64_t history = 2000;
  std::int64_t calls = 200;
  std::int64_t rounds = 5;
  std::int64_t capacity = 8;
  double exponent = 1.1;
  std::string admission;
  std::string capture = "inline";
  bool prewarm_inline = false;
};

/// So many numbers of inputs, the first the likeliest.
std::vector<std::size_t> zipf(std::size_t shapes, std::int64_t calls, double exponent,
                              unsigned seed) {
  const replayrt::benchmarks::ZipfNumbers draw(shapes, exponent);
  std::mt19937_64 random(seed);
  std::vector<std::size_t> drawn(static_cast<std::size_t>(calls));
  std::ranges::generate(drawn, [&] { return draw(random); });
  return drawn;
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {
    for (const auto& spec : replayrt::cli::parse_shape_list(options.shapes)) {
      inputs_.push_back(
          replayrt::cli::random_tensor(replayrt::DType::kF32, spec.at(0).shape, /*seed=*/1));
    }
    file_ = std::filesystem::temp_directory_path() /
            fmt::format("replayrt_restart_{}.json", ::getpid());
  }
  ~Bench() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// The run before; the keys that it saves.
  std::size_t save_working_set() {
    const Engine engine = replayrt::cli::load(options_.load);
    const auto cache = make_cache();
    call(engine, cache, zipf(inputs_.size(), options_.history, options_.exponent, /*seed=*/1));
    cache->wait_idle();
    replayrt::save_keys(*cache, file_);
    return replayrt::load_keys(file_).size();
  }

  struct Start {
    double seconds = 0;
    double until_idle = 0;  ///< Of the thread that captures, too.
    PrewarmReport prewarmed;
    replayrt::GraphCacheStats stats;
  };

  /// The first calls of a process that has saved keys, or has not.
  Start start(bool with_keys, std::int64_t round) {
    const Engine engine = replayrt::cli::load(options_.load);
    const auto cache = make_cache();
    const auto calls =
        zipf(inputs_.size(), options_.calls, options_.exponent, static_cast<unsigned>(100 + round));
    Start result;
    const auto begin = std::chrono::steady_clock::now();
    if (with_keys) {
      const std::array<const Engine*, 1> engines{&engine};
      result.prewarmed = replayrt::load_keys(
          *cache, file_, engines,
          options_.prewarm_inline ? PrewarmMode::kInline : PrewarmMode::kBackground);
    }
    call(engine, cache, calls);
    result.seconds = Seconds(std::chrono::steady_clock::now() - begin).count();
    result.stats = cache->stats();
    cache->wait_idle();
    result.until_idle = Seconds(std::chrono::steady_clock::now() - begin).count();
    return result;
  }

 private:
  [[nodiscard]] std::shared_ptr<GraphCache> make_cache() const {
    GraphCacheOptions options{.capacity = options_.capacity};
    if (!options_.admission.empty()) {
      options.admission = replayrt::cli::parse_admission("--admission", options_.admission);
    }
    options.capture = replayrt::cli::parse_capture_mode("--capture", options_.capture);
    return std::make_shared<GraphCache>(options);
  }

  void call(const Engine& engine, const std::shared_ptr<GraphCache>& cache,
            const std::vector<std::size_t>& numbers) const {
    for (const std::size_t number : numbers) {
      const TensorView view = inputs_[number].view();
      static_cast<void>(infer(engine, {&view, 1}, {.graph_cache = cache}));
    }
  }

  const Options& options_;
  std::vector<Tensor> inputs_;
  std::filesystem::path file_;
};

nlohmann::ordered_json json_of(const std::vector<Bench::Start>& starts) {
  std::vector<double> seconds;
  std::vector<double> until_idle;
  for (const Bench::Start& start : starts) {
    seconds.push_back(start.seconds);
    until_idle.push_back(start.until_idle);
  }
  const replayrt::GraphCacheStats& last = starts.back().stats;
  return {{"s", seconds},
          {"until_idle_s", until_idle},
          {"replayed", last.replayed},
          {"captured", last.captured},
          {"eager", last.eager},
          {"captures", last.captures},
          {"prewarmed", last.prewarmed},
          {"capture_s", Seconds(last.capture_time_total).count()}};
}

void run(const Options& options) {
  Bench bench(options);
  // None where no capture paid: then both sides do the same, and the report says so.
  const std::size_t saved = bench.save_working_set();
  std::vector<Bench::Start> with;
  std::vector<Bench::Start> without;
  std::vector<double> ratios;
  std::vector<double> until_idle_ratios;
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    // Each comes first every other time.
    for (const bool with_keys : {round % 2 == 0, round % 2 != 0}) {
      (with_keys ? with : without).push_back(bench.start(with_keys, round));
    }
    if (saved > 0 && with.back().prewarmed.accepted == 0) {
      throw std::runtime_error("no saved key was accepted: nothing is measured");
    }
    ratios.push_back(with.back().seconds / without.back().seconds);
    until_idle_ratios.push_back(with.back().until_idle / without.back().until_idle);
  }
  const nlohmann::ordered_json report = {
      {"model", options.load.model.stem().string()},
      {"calls", options.calls},
      {"history", options.history},
      {"rounds", options.rounds},
      {"capacity", options.capacity},
      {"exponent", options.exponent},
      {"admission", options.admission},
      {"capture", options.capture},
      {"prewarm", options.prewarm_inline ? "inline" : "background"},
      {"saved_keys", saved},
      {"with_keys", json_of(with)},
      {"without_keys", json_of(without)},
      {"ratios", ratios},
      {"ratio_median", replayrt::cli::median(ratios)},
      {"until_idle_ratios", until_idle_ratios},
      {"until_idle_ratio_median", replayrt::cli::median(until_idle_ratios)}};
  replayrt::benchmarks::write_report(options, report);
  fmt::print("{}\n", report.dump(2));
}

}  // namespace

int main(int argc, char** argv) {
  using replayrt::cli::add_number;
  using replayrt::cli::kNoLimit;
  Options options;
  CLI::App app(
      "Measures the first calls after a restart with a saved working set against those without; "
      "the model has one f32 input, --shapes begins with the most frequent one.",
      "restart");
  replayrt::benchmarks::add_model_flags(app, options);
  add_number(app, "--history", options.history, 1, kNoLimit,
             "Calls of the run that saves its keys");
  add_number(app, "--calls", options.calls, 1, kNoLimit, "Calls that are measured");
  add_number(app, "--rounds", options.rounds, 1, kNoLimit, "Restarts of either kind");
  add_number(app, "--capacity", options.capacity, 1, kNoLimit, "Most keys held");
  app.add_option("--exponent", options.exponent, "Of Zipf's law")->capture_default_str();
  app.add_option("--admission", options.admission,
                 "always, sightings:N or pays_back; if not given, what the backend prefers");
  app.add_option("--capture", options.capture, "inline or background")->capture_default_str();
  app.add_flag("--prewarm-inline", options.prewarm_inline, "Capture before the first call");
  return replayrt::benchmarks::run_program(app, argc, argv, [&] { run(options); });
}
