// What ReplayRT adds to OpenVINO: `infer` on a replay against a bare infer request of the same
// model, compiled for the same shape with the same settings, on the same input in place. A second
// bare request, compiled apart, shows how far two equal things differ on this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <openvino/openvino.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "elements.hpp"
#include "program.hpp"
#include "replayrt/core/infer.hpp"
#include "shape_spec.hpp"
#include "statistics.hpp"

namespace {

using Json = nlohmann::ordered_json;
using replayrt::Engine;
using replayrt::GraphCache;
using replayrt::InferResult;
using replayrt::Shape;
using replayrt::Tensor;
using replayrt::TensorView;

constexpr double kMicro = 1e6;

struct Options : replayrt::benchmarks::ModelFlags {
  std::int64_t rounds = 40;
  std::int64_t calls = 1;
  std::int64_t instances = 3;
};

/// OpenVINO by itself, with the settings that the backend documents: they are written down here
/// again on purpose, so that a change of the backend's does not move both sides.
class BareRequest {
 public:
  BareRequest(const Options& options, const Shape& shape, const TensorView& input) {
    static ov::Core core;
    const auto model = core.read_model(options.load.model);
    const ov::Shape dims(shape.dims().begin(), shape.dims().end());
    model->reshape(ov::PartialShape(dims));
    compiled_ = core.compile_model(
        model, "CPU", ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
        ov::num_streams(1),
        ov::inference_num_threads(
            static_cast<std::int32_t>(options.load.options.inference_threads)),
        ov::hint::enable_cpu_pinning(false), ov::hint::inference_precision(ov::element::f32),
        ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY));
    request_ = compiled_.create_infer_request();
    request_.set_input_tensor(ov::Tensor(ov::element::f32, dims, input.data));
  }

  void operator()() { request_.infer(); }
  ov::Tensor output() { return request_.get_output_tensor(0); }

 private:
  ov::CompiledModel compiled_;
  ov::InferRequest request_;
};

/// One side of the comparison: seconds per call, call by call and averaged over each round.
struct Side {
  std::vector<double> calls;
  std::vector<double> rounds;
};

template <class Call>
void measure(std::int64_t calls, Call&& call, Side& side) {
  double total = 0;
  for (std::int64_t i = 0; i < calls; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    side.calls.push_back(took.count());
    total += took.count();
  }
  side.rounds.push_back(total / static_cast<double>(calls));
}

struct Sides {
  Side replay;
  Side bare;
  Side control;
};

void require_equal(const Tensor& replayed, const ov::Tensor& bare) {
  if (replayed.bytes() != bare.get_byte_size() ||
      std::memcmp(replayed.data(), bare.data(), replayed.bytes()) != 0) {
    throw std::runtime_error("a replay and the bare request give different bytes");
  }
}

/// Compiles everything anew, as where memory happens to lie moves a compilation's speed for its
/// whole life, and measures it round by round; who goes first rotates.
void measure_instance(const Options& options, const Engine& engine, const Shape& shape,
                      const TensorView& input, Sides& sides) {
  // Its answer is compared with the bare request's, so that no eager run is needed for that.
  const replayrt::GraphCacheOptions cache{.capacity = 1,
                                          .admission = replayrt::Admission::always(),
                                          .verify = replayrt::Verification::off()};
  const replayrt::InferOptions with_cache{.graph_cache = std::make_shared<GraphCache>(cache)};
  BareRequest bare(options, shape, input);
  const auto replay = [&] { return infer(engine, {&input, 1}, with_cache); };
  replay();  // Captures.
  BareRequest control(options, shape, input);

  const auto checked_replay = [&] {
    const InferResult result = replay();
    if (result.route != replayrt::Route::kReplayed || result.bytes_copied != 0) {
      throw std::runtime_error("expected a replay without copies");
    }
  };
  constexpr int kWarmingCalls = 3;
  for (int i = 0; i < kWarmingCalls; ++i) {
    checked_replay();
    bare();
    control();
  }
  require_equal(replay().outputs[0], bare.output());
  constexpr std::int64_t kSides = 3;
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    for (std::int64_t turn = 0; turn < kSides; ++turn) {
      switch ((round + turn) % kSides) {
        case 0:
          measure(options.calls, checked_replay, sides.replay);
          break;
        case 1:
          measure(options.calls, bare, sides.bare);
          break;
        default:
          measure(options.calls, control, sides.control);
          break;
      }
    }
  }
}

Json side_json(const Side& side) {
  const replayrt::cli::Summary summary = replayrt::cli::summarize(side.calls);
  return {{"median_us", summary.median * kMicro}, {"p99_us", summary.p99 * kMicro}};
}

/// Median and p99 of a / b, and the median of a - b, over rounds that ran next to each other.
Json pair_json(const Side& a, const Side& b) {
  std::vector<double> ratios;
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.rounds.size(); ++i) {
    ratios.push_back(a.rounds[i] / b.rounds[i]);
    differences.push_back(a.rounds[i] - b.rounds[i]);
  }
  return {{"ratio_median", replayrt::cli::median(ratios)},
          {"ratio_p99", replayrt::cli::percentile(ratios, 0.99)},
          {"difference_us_median", replayrt::cli::median(differences) * kMicro}};
}

Json measure_shape(const Options& options, const Engine& engine, const Shape& shape) {
  const Tensor input = replayrt::cli::random_tensor(replayrt::DType::kF32, shape, /*seed=*/1);
  Sides sides;
  for (std::int64_t i = 0; i < options.instances; ++i) {
    measure_instance(options, engine, shape, input.view(), sides);
  }
  Json row = {{"model", options.load.model.stem().string()},
              {"shape", shape.to_string()},
              {"replay", side_json(sides.replay)},
              {"bare", side_json(sides.bare)},
              {"replay_to_bare", pair_json(sides.replay, sides.bare)},
              {"bare_to_bare", pair_json(sides.control, sides.bare)}};
  const Json& pair = row["replay_to_bare"];
  fmt::print(
      "{} {}: replay {:.1f} us, bare {:.1f} us, ratio {:.4f} (p99 {:.3f}), overhead {:.2f} "
      "us; bare to bare {:.4f}\n",
      row["model"].get<std::string>(), shape.to_string(), row["replay"]["median_us"].get<double>(),
      row["bare"]["median_us"].get<double>(), pair["ratio_median"].get<double>(),
      pair["ratio_p99"].get<double>(), pair["difference_us_median"].get<double>(),
      row["bare_to_bare"]["ratio_median"].get<double>());
  return row;
}

void run(const Options& options) {
  const Engine engine = replayrt::cli::load(options.load);
  Json rows = Json::array();
  for (const replayrt::cli::ShapeSpec& spec : replayrt::cli::parse_shape_list(options.shapes)) {
    rows.push_back(measure_shape(options, engine, spec.at(0).shape));
  }
  replayrt::benchmarks::write_report(options, {{"rounds", options.rounds},
                                               {"calls_per_round", options.calls},
                                               {"instances", options.instances},
                                               {"rows", rows}});
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Compares replays with bare OpenVINO infer requests; the model has one f32 input.",
               "replay_overhead");
  replayrt::benchmarks::add_model_flags(app, options);
  replayrt::cli::add_number(app, "--rounds", options.rounds, 1, replayrt::cli::kNoLimit,
                            "Rounds per shape and instance");
  replayrt::cli::add_number(app, "--calls", options.calls, 1, replayrt::cli::kNoLimit,
                            "Calls of each side in a round");
  replayrt::cli::add_number(app, "--instances", options.instances, 1, replayrt::cli::kNoLimit,
                            "How often everything is compiled anew");
  return replayrt::benchmarks::run_program(app, argc, argv, [&] { run(options); });
}
