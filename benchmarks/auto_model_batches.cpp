// Batches of 1, 2 and 3 pictures in turn, as a service meets them: with every shape captured
// before, and from cold with the cache's own admission, both beside the same model run eagerly. The
// sides take turns cycle by cycle, and who goes first alternates, so that noise hits both.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "files.hpp"
#include "flags.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "replayrt/auto_model.hpp"
#include "statistics.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using replayrt::GraphCache;
using replayrt::GraphCacheOptions;
using replayrt::Image;
using replayrt::ImageView;
using replayrt::Model;
using replayrt::Route;
using replayrt::cli::percentile;

constexpr std::size_t kLargestBatch = 3;
constexpr std::size_t kSides = 2;
constexpr std::size_t kEager = 0;
constexpr std::size_t kCached = 1;
constexpr double kP99 = 0.99;

struct Options {
  fs::path package;
  std::vector<fs::path> pictures;
  std::int64_t threads = 2;
  std::int64_t instances = 3;
  std::int64_t cycles = 40;
  std::int64_t images = 1000;
  std::int64_t repeats = 1;
  fs::path json;
};

/// The pictures in rotation, so that every batch size meets each of them.
class Pictures {
 public:
  explicit Pictures(const std::vector<fs::path>& files) {
    for (const fs::path& file : files) {
      images_.push_back(replayrt::cli::read_picture(file));
    }
    // Enough beyond the last one that a batch may start anywhere.
    for (std::size_t i = 0; i < images_.size() + kLargestBatch; ++i) {
      views_.push_back(images_[i % images_.size()].view());
    }
  }

  [[nodiscard]] std::span<const ImageView> batch(std::size_t first, std::size_t size) const {
    return std::span(views_).subspan(first % images_.size(), size);
  }

 private:
  std::vector<Image> images_;
  std::vector<ImageView> views_;
};

/// Sizes of the batches, 1, 2, 3 in turn, of `images` pictures in all.
std::vector<std::size_t> batch_sizes(std::size_t images) {
  std::vector<std::size_t> sizes;
  for (std::size_t left = images; left > 0; left -= sizes.back()) {
    sizes.push_back(std::min(left, sizes.size() % kLargestBatch + 1));
  }
  return sizes;
}

Model load(const Options& options, std::shared_ptr<GraphCache> cache) {
  replayrt::AutoModelOptions load_options;
  load_options.inference_threads = options.threads;
  load_options.cuda_graph_cache = std::move(cache);
  return replayrt::AutoModel::from_pretrained(options.package, load_options);
}

/// The same package twice, with nothing in common: neither pays for what the other one warms up.
std::array<Model, kSides> load_sides(const Options& options, const GraphCacheOptions& cache) {
  std::array<Model, kSides> sides = {load(options, nullptr),
                                     load(options, std::make_shared<GraphCache>(cache))};
  if (sides[kEager].graph_cache() != nullptr) {
    throw std::runtime_error(
        "ENABLE_AUTO_GRAPHS_FOR_OPENVINO_BACKEND is set: the eager side would have a cache");
  }
  return sides;
}

struct Call {
  double seconds = 0;
  Route route = Route::kEager;
};

/// What `predict` does, stage by stage, as only the stages tell the route.
Call call(const Model& model, std::span<const ImageView> images) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const replayrt::PreProcessedImages batch = model.pre_process(images);
  const replayrt::InferResult outputs = model.forward(batch);
  const std::vector<replayrt::Prediction> found = model.post_process(outputs, batch.metadata);
  const std::chrono::duration<double> time = Clock::now() - start;
  if (found.size() != images.size()) {
    throw std::runtime_error("expected one prediction per picture");
  }
  return {time.count(), outputs.route};
}

/// Times of one kind on both sides, and how they compare.
struct Pair {
  std::array<std::vector<double>, kSides> seconds;

  [[nodiscard]] ordered_json figures() const {
    constexpr double kMicro = 1e6;
    const double eager = percentile(seconds[kEager], 0.5) * kMicro;
    const double cached = percentile(seconds[kCached], 0.5) * kMicro;
    const double eager_p99 = percentile(seconds[kEager], kP99) * kMicro;
    const double cached_p99 = percentile(seconds[kCached], kP99) * kMicro;
    return {
        {"calls", seconds[kEager].size()},    {"eager_median_us", eager},  {"median_us", cached},
        {"ratio_median", cached / eager},     {"eager_p99_us", eager_p99}, {"p99_us", cached_p99},
        {"ratio_p99", cached_p99 / eager_p99}};
  }
};

void require_replayed(Route route) {
  if (route != Route::kReplayed) {
    throw std::runtime_error("expected replays only, got a run that was " +
                             std::string(to_string(route)));
  }
}

/// Every shape captured before: one row per batch size, and one for the three together.
ordered_json measure_captured(const Options& options, const Pictures& pictures) {
  std::array<Pair, kLargestBatch> by_size;
  Pair whole;
  std::size_t first = 0;
  for (std::int64_t instance = 0; instance < options.instances; ++instance) {
    // Loaded anew: where memory happens to lie moves a compilation's speed for its whole life.
    const std::array<Model, kSides> sides =
        load_sides(options, {.admission = replayrt::Admission::always()});
    for (const Model& model : sides) {
      for (const std::size_t size : {1U, 2U, 3U, 1U, 2U, 3U}) {
        call(model, pictures.batch(first, size));
      }
    }
    for (std::int64_t cycle = 0; cycle < options.cycles; ++cycle) {
      for (std::size_t turn = 0; turn < kSides; ++turn) {
        const std::size_t side = (turn + static_cast<std::size_t>(cycle)) % kSides;
        double sum = 0;
        for (std::size_t size = 1; size <= kLargestBatch; ++size) {
          const Call done = call(sides[side], pictures.batch(first + size, size));
          if (side == kCached) {
            require_replayed(done.route);
          }
          by_size[size - 1].seconds[side].push_back(done.seconds);
          sum += done.seconds;
        }
        whole.seconds[side].push_back(sum);
      }
      ++first;
    }
  }
  ordered_json rows = ordered_json::array();
  const auto add = [&](const std::string& batches, const Pair& pair) {
    ordered_json row = {{"kind", "captured"}, {"batches", batches}};
    row.update(pair.figures());
    rows.push_back(std::move(row));
  };
  for (std::size_t size = 1; size <= kLargestBatch; ++size) {
    add(std::to_string(size), by_size[size - 1]);
  }
  add("1, 2, 3", whole);
  return rows;
}

/// A cache that starts empty and captures what its backend thinks worth it, all costs included.
ordered_json measure_cold(const Options& options, const Pictures& pictures, std::int64_t repeat) {
  const std::array<Model, kSides> sides = load_sides(options, {});
  const std::vector<std::size_t> sizes = batch_sizes(static_cast<std::size_t>(options.images));
  std::array<double, kSides> seconds{};
  std::size_t replayed = 0;
  for (std::size_t block = 0; block < sizes.size(); block += kLargestBatch) {
    const std::size_t end = std::min(sizes.size(), block + kLargestBatch);
    for (std::size_t turn = 0; turn < kSides; ++turn) {
      const std::size_t side =
          (turn + block / kLargestBatch + static_cast<std::size_t>(repeat)) % kSides;
      for (std::size_t i = block; i < end; ++i) {
        const Call done = call(sides[side], pictures.batch(i, sizes[i]));
        seconds[side] += done.seconds;
        replayed += done.route == Route::kReplayed ? 1U : 0U;
      }
    }
  }
  const replayrt::GraphCacheStats stats = sides[kCached].graph_cache()->stats();
  return {{"kind", "cold"},
          {"images", options.images},
          {"calls", sizes.size()},
          {"eager_s", seconds[kEager]},
          {"cached_s", seconds[kCached]},
          {"ratio_total", seconds[kCached] / seconds[kEager]},
          {"replayed", static_cast<double>(replayed) / static_cast<double>(sizes.size())},
          {"captures", stats.captures},
          {"capture_s", std::chrono::duration<double>(stats.capture_time_total).count()}};
}

void run(const Options& options) {
  const Pictures pictures(options.pictures);
  ordered_json rows = measure_captured(options, pictures);
  for (std::int64_t repeat = 0; repeat < options.repeats; ++repeat) {
    rows.push_back(measure_cold(options, pictures, repeat));
  }
  ordered_json names = ordered_json::array();
  for (const fs::path& file : options.pictures) {
    names.push_back(file.stem().string());
  }
  const ordered_json report = {{"package", options.package.filename().string()},
                               {"pictures", names},
                               {"instances", options.instances},
                               {"cycles", options.cycles},
                               {"rows", rows}};
  if (!options.json.empty()) {
    replayrt::cli::write_file_atomically(options.json, report.dump(2) + "\n");
  }
  fmt::print("{}\n", report.dump(2));
}

}  // namespace

int main(int argc, char** argv) {
  using replayrt::cli::add_number;
  using replayrt::cli::kNoLimit;
  Options options;
  CLI::App app("Measures batches of 1, 2 and 3 pictures in turn, with a cache and without.",
               "auto_model_batches");
  app.add_option("PACKAGE", options.package, "Folder of a model package")->required();
  app.add_option("PICTURES", options.pictures, "Pictures that the batches are made of")->required();
  add_number(app, "--inference-threads", options.threads, 1, kNoLimit, "Threads of one run");
  add_number(app, "--instances", options.instances, 1, kNoLimit,
             "Times that the models are loaded anew, all shapes captured");
  add_number(app, "--cycles", options.cycles, 1, kNoLimit,
             "Cycles of 1, 2, 3 that each instance runs");
  add_number(app, "--images", options.images, 1, kNoLimit, "Pictures of a workload from cold");
  add_number(app, "--repeats", options.repeats, 1, kNoLimit, "Workloads from cold");
  app.add_option("--json", options.json, "Write the figures to this file");
  return replayrt::benchmarks::run_program(app, argc, argv, [&] { run(options); });
}
