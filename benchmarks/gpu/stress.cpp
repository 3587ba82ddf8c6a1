// Many calls of many threads on engines that share one cache with room for fewer graphs than there
// are keys: captures and evictions go on all the time, and each answer is compared with the eager
// one. Half of the inputs lie in host memory; the others on the device, and of these several calls
// are enqueued before the first is waited for.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>

#include "callers.hpp"
#include "commands.hpp"
#include "elements.hpp"
#include "replayrt/core/infer.hpp"
#include "sides.hpp"

namespace replayrt::benchmarks {
namespace {

/// One input and what it must give.
struct Question {
  std::size_t engine;
  Tensor input;
  Tensor on_device;
  TensorList expected;
  double largest = 0;  ///< Of the magnitudes of `expected`.
};

double largest_magnitude(const TensorList& tensors) {
  double largest = 0;
  for (const Tensor& tensor : tensors) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.shape().num_elements()); ++i) {
      largest = std::max(largest, std::abs(cli::load_element(tensor.dtype(), tensor.data(), i)));
    }
  }
  return largest;
}

class Stress {
 public:
  explicit Stress(const StressOptions& options)
      : options_(options), engines_(options.common.load_engines()) {
    for (std::size_t engine = 0; engine < engines_.size(); ++engine) {
      add_questions(engine);
    }
    // Where graphs need profiles of their own, these run out while evicted graphs still run.
    cache_ = std::make_shared<GraphCache>(
        GraphCacheOptions{.capacity = options.capacity,
                          .admission = Admission::always(),
                          .retry_interval = std::chrono::milliseconds(10),
                          .max_captures_per_second = kMostCapturesPerSecond});
  }

  Json run() {
    cli::Callers callers(static_cast<std::size_t>(options_.threads));
    const double seconds = callers.run([this](std::size_t caller) { serve(caller); });
    const GraphCacheStats stats = cache_->stats();
    Json report = {{"threads", options_.threads},
                   {"engines", engines_.size()},
                   {"keys", 2 * questions_.size() / kInputs},  // From the host, and on the device.
                   {"capacity", options_.capacity},
                   {"calls", calls_.load()},
                   {"wrong", wrong_.load()},
                   {"captured", stats.captured},
                   {"replayed", stats.replayed},
                   {"eager", stats.eager},
                   {"evictions", stats.evictions},
                   {"capture_failures", stats.capture_failures},
                   {"mismatches", stats.mismatches},
                   {"largest_difference", difference_.load()},
                   {"tolerance", options_.tolerance},
                   {"seconds", seconds}};
    return report;
  }

 private:
  /// Most calls are to replay: a capture takes as long as a hundred of them.
  static constexpr std::int64_t kMostCapturesPerSecond = 25;
  static constexpr std::size_t kInputs = 3;  ///< For each engine and shape.

  struct Asked {
    const Question* question;
    InferResult result;
  };

  void add_questions(std::size_t engine) {
    for (const Tensor& shape : options_.common.inputs()) {
      for (std::size_t i = 0; i < kInputs; ++i) {
        Tensor input = cli::random_tensor(DType::kF32, shape.shape(), questions_.size() * 100 + 7);
        Question question{engine, input, to_device(engines_[engine], input), {}};
        const TensorView view = question.input.view();
        question.expected = infer(engines_[engine], {&view, 1}).outputs;
        question.largest = largest_magnitude(question.expected);
        questions_.push_back(std::move(question));
      }
    }
  }

  void serve(std::size_t caller) {
    constexpr std::uint64_t kPurgeOneIn = 500;
    std::mt19937_64 random(caller);
    const std::shared_ptr<void> stream = make_stream(engines_.front());
    std::vector<Asked> under_way;
    while (next_++ < options_.calls) {
      const Question& question = questions_[random() % questions_.size()];
      if (random() % 2 == 0) {
        check(question, ask(question, question.input, {}).outputs);
      } else {
        under_way.push_back({&question, ask(question, question.on_device,
                                            {.stream = stream.get(), .synchronize = false})});
      }
      constexpr std::size_t kMostUnderWay = 4;
      if (under_way.size() == kMostUnderWay) {
        finish(under_way);
      }
      if (random() % kPurgeOneIn == 0) {
        cache_->purge(1);
      }
    }
    finish(under_way);
  }

  InferResult ask(const Question& question, const Tensor& input, const RunContext& context) {
    const TensorView view = input.view();
    ++calls_;
    return infer(engines_[question.engine], {&view, 1},
                 {.graph_cache = cache_, .context = context});
  }

  /// Looks at the answers when all of them are there: none may have been written over.
  void finish(std::vector<Asked>& under_way) {
    for (const Asked& asked : under_way) {
      asked.result.completion.wait();
    }
    for (const Asked& asked : under_way) {
      TensorList outputs;
      for (const Tensor& output : asked.result.outputs) {
        outputs.push_back(to_host(output));
      }
      check(*asked.question, outputs);
    }
    under_way.clear();
  }

  void check(const Question& question, const TensorList& outputs) {
    double difference =
        outputs.size() == question.expected.size() ? 0 : std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < std::min(outputs.size(), question.expected.size()); ++i) {
      difference = std::max(
          difference, cli::max_abs_difference(outputs[i].view(), question.expected[i].view()));
    }
    difference /= std::max(question.largest, std::numeric_limits<double>::min());
    if (!(difference <= options_.tolerance)) {
      ++wrong_;
    }
    double seen = difference_.load();
    while (seen < difference && !difference_.compare_exchange_weak(seen, difference)) {
    }
  }

  const StressOptions& options_;
  std::vector<Engine> engines_;
  std::vector<Question> questions_;
  std::shared_ptr<GraphCache> cache_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::int64_t> calls_{0};
  std::atomic<std::int64_t> wrong_{0};
  std::atomic<double> difference_{0};  ///< The largest, as a part of the largest element.
};

}  // namespace

Json run_stress(const StressOptions& options) {
  Json report = describe(options.common);
  report.update(Stress(options).run());
  fmt::print(
      "{} calls, {} wrong; {} captured, {} replayed, {} eager, {} evictions; largest "
      "difference {:.2g} of the largest element\n",
      report["calls"].get<std::int64_t>(), report["wrong"].get<std::int64_t>(),
      report["captured"].get<std::int64_t>(), report["replayed"].get<std::int64_t>(),
      report["eager"].get<std::int64_t>(), report["evictions"].get<std::int64_t>(),
      report["largest_difference"].get<double>());
  return report;
}

}  // namespace replayrt::benchmarks
