// How long calls take in each of the ways, side by side: blocks of calls in turns, who goes first
// rotates, and what is compared are neighbouring blocks.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "commands.hpp"
#include "elements.hpp"
#include "sides.hpp"
#include "statistics.hpp"
#include "text.hpp"

namespace replayrt::benchmarks {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kMicro = 1e6;
constexpr std::string_view kBase = "eager";

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// What was measured of one side. Seconds.
struct Measured {
  std::vector<double> calls;         ///< Each until its outputs can be used.
  std::vector<double> rounds;        ///< The mean of a round's calls.
  std::vector<double> host;          ///< Each until `enqueue` returned.
  std::vector<double> back_to_back;  ///< The mean of a round's calls that were enqueued together.
};

struct Named {
  std::string name;
  std::unique_ptr<Side> side;
  Measured measured;
};

class Latency {
 public:
  Latency(const LatencyOptions& options, SideInputs inputs)
      : options_(options), inputs_(std::move(inputs)) {
    for (const std::string_view name : cli::split(options.sides, ',')) {
      sides_.push_back({std::string(name), make_side(name, inputs_), {}});
    }
  }

  Json run() {
    const Json largest = compare();
    warm_up();
    for (std::int64_t round = 0; round < options_.rounds; ++round) {
      for (std::size_t i = 0; i < sides_.size(); ++i) {
        measure(sides_[(static_cast<std::size_t>(round) + i) % sides_.size()]);
      }
    }
    Json report = {{"memory", "device"},
                   {"rounds", options_.rounds},
                   {"calls_per_round", options_.calls},
                   {"sides", Json::object()},
                   {"pipelined", Json::object()},
                   {"ratios", ratios(&Measured::rounds)},
                   {"pipelined_ratios", ratios(&Measured::back_to_back)},
                   {"max_abs_difference", largest}};
    for (const Named& side : sides_) {
      const cli::Summary calls = cli::summarize(side.measured.calls);
      report["sides"][side.name] = {{"median_us", calls.median * kMicro},
                                    {"p99_us", calls.p99 * kMicro},
                                    {"images_per_s", mean_rows() / calls.mean},
                                    {"calls", calls.count}};
      if (!side.measured.host.empty()) {
        const cli::Summary host = cli::summarize(side.measured.host);
        report["pipelined"][side.name] = {
            {"us_per_call", cli::median(side.measured.back_to_back) * kMicro},
            {"host_median_us", host.median * kMicro},
            {"host_p99_us", host.p99 * kMicro}};
      }
      add_cache(report, side);
    }
    return report;
  }

 private:
  std::size_t shapes() const { return inputs_.host.size(); }

  double mean_rows() const {
    double rows = 0;
    for (const Tensor& input : inputs_.host) {
      rows += static_cast<double>(input.shape()[0]);
    }
    return rows / static_cast<double>(shapes());
  }

  Named* find(std::string_view name) {
    const auto found = std::ranges::find(sides_, name, &Named::name);
    return found == sides_.end() ? nullptr : &*found;
  }

  /// The largest difference of each side's answers from the first side's.
  Json compare() {
    Json largest = Json::object();
    for (std::size_t shape = 0; shape < shapes(); ++shape) {
      const TensorList expected = sides_.front().side->answer(shape);
      for (Named& side : sides_) {
        const TensorList answer = side.side->answer(shape);
        double difference = 0;
        for (std::size_t i = 0; i < answer.size(); ++i) {
          difference =
              std::max(difference, cli::max_abs_difference(answer[i].view(), expected[i].view()));
        }
        largest[side.name] = std::max(largest.value(side.name, 0.0), difference);
      }
    }
    return largest;
  }

  /// Until clocks and caches are as they stay.
  void warm_up() {
    for (Named& side : sides_) {
      const Clock::time_point begin = Clock::now();
      for (std::size_t i = 0; since(begin) < options_.warm_up_seconds; ++i) {
        side.side->call(i % shapes());
      }
    }
  }

  void measure(Named& named) {
    Side& side = *named.side;
    // A capture takes a thousand times as long as a replay.
    const std::int64_t calls =
        named.name == "recapture"
            ? std::min(options_.calls, std::int64_t{2} * std::ssize(inputs_.host))
            : options_.calls;
    double sum = 0;
    for (std::int64_t i = 0; i < calls; ++i) {
      const Clock::time_point begin = Clock::now();
      side.call(static_cast<std::size_t>(i) % shapes());
      named.measured.calls.push_back(since(begin));
      sum += named.measured.calls.back();
    }
    named.measured.rounds.push_back(sum / static_cast<double>(calls));
    if (!side.can_enqueue()) {
      return;
    }
    // Alone, so that no full queue of launches makes the host wait.
    for (std::int64_t i = 0; i < calls; ++i) {
      const Clock::time_point begin = Clock::now();
      side.enqueue(static_cast<std::size_t>(i) % shapes());
      named.measured.host.push_back(since(begin));
      side.wait();
    }
    const Clock::time_point begin = Clock::now();
    for (std::int64_t i = 0; i < calls; ++i) {
      side.enqueue(static_cast<std::size_t>(i) % shapes());
    }
    side.wait();
    named.measured.back_to_back.push_back(since(begin) / static_cast<double>(calls));
  }

  /// Each side to each of those that others are compared with.
  Json ratios(std::vector<double> Measured::*rounds) {
    Json made = Json::object();
    for (const std::string_view base :
         {kBase, std::string_view("bare"), std::string_view("bare_copies"),
          std::string_view("bare_eager"), std::string_view("reference")}) {
      const Named* const to = find(base);
      for (const Named& side : sides_) {
        if (to == nullptr || side.name == base || (to->measured.*rounds).empty() ||
            (side.measured.*rounds).empty()) {
          continue;
        }
        made[fmt::format("{}_to_{}", side.name, base)] =
            pair(side.measured.*rounds, to->measured.*rounds);
      }
    }
    return made;
  }

  static Json pair(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> ratios;
    std::vector<double> differences;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ratios.push_back(a[i] / b[i]);
      differences.push_back(a[i] - b[i]);
    }
    return {{"median", cli::median(ratios)},
            {"p99", cli::percentile(ratios, 0.99)},
            {"difference_us_median", cli::median(differences) * kMicro}};
  }

  static void add_cache(Json& report, const Named& side) {
    const std::shared_ptr<GraphCache> cache = side.side->cache();
    if (cache == nullptr) {
      return;
    }
    const GraphCacheStats stats = cache->stats();
    if (side.name == "recapture") {
      report["capture_ms_median"] =
          std::chrono::duration<double, std::milli>(stats.capture_time_median).count();
      return;
    }
    if (stats.capture_failures > 0 || stats.eager > 0) {
      throw std::runtime_error(
          fmt::format("{}: expected replays only, got {} eager calls and {} failed captures",
                      side.name, stats.eager, stats.capture_failures));
    }
    if (side.name == "replay") {
      report["graph_bytes"] = stats.bytes;
      report["shared_bytes"] = stats.shared_bytes;
    }
  }

  const LatencyOptions& options_;
  const SideInputs inputs_;
  std::vector<Named> sides_;
};

}  // namespace

Json measure_latency(const LatencyOptions& options) {
  SideInputs inputs{options.common.plan, options.common.load, options.common.inputs()};
  Json report = describe(options.common);
  report.update(Latency(options, std::move(inputs)).run());
  for (const auto& [name, ratio] : report["ratios"].items()) {
    fmt::print("{:28} {:.3f} (p99 {:.3f}, {:+.1f} us)\n", name, ratio["median"].get<double>(),
               ratio["p99"].get<double>(), ratio["difference_us_median"].get<double>());
  }
  for (const auto& [name, side] : report["sides"].items()) {
    fmt::print("{:12} {:9.1f} us, p99 {:9.1f} us", name, side["median_us"].get<double>(),
               side["p99_us"].get<double>());
    if (report["pipelined"].contains(name)) {
      const Json& pipelined = report["pipelined"][name];
      fmt::print("; host {:6.1f} us, back to back {:9.1f} us",
                 pipelined["host_median_us"].get<double>(), pipelined["us_per_call"].get<double>());
    }
    fmt::print("\n");
  }
  return report;
}

}  // namespace replayrt::benchmarks
