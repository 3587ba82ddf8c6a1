#include "doctor_measure.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <numeric>
#include <utility>

#include "error.hpp"
#include "mode_runner.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

using Steady = std::chrono::steady_clock;

// A shape gets this part of the time that is left, the last ones an equal one: the most frequent
// are measured well, and rare ones at all.
constexpr std::size_t kSharers = 4;

constexpr std::size_t kChoices = 5;
using Extents = std::array<std::int64_t, kChoices>;

constexpr Extents kBatches = {1, 1, 1, 1, 2};
constexpr Extents kBatchesAlone = {1, 2, 4, 8, 16};
constexpr Extents kWidths = {320, 480, 640, 640, 320};
constexpr Extents kHeights = {320, 640, 480, 640, 320};
constexpr Extents kLengths = {32, 64, 128, 256, 32};

bool only_batch_is_dynamic(const Engine& engine) {
  return std::ranges::all_of(dynamic_dimensions(engine),
                             [](const DynamicDimension& dimension) { return dimension.axis == 0; });
}

/// Extents for a dimension of which only the range is known.
const Extents& plausible(const std::vector<DimensionRange>& dims, std::size_t axis,
                         bool batch_alone) {
  constexpr std::size_t kPictureRank = 4;
  constexpr std::int64_t kMostChannels = 4;
  if (axis == 0 && (dims.size() > 1 || batch_alone)) {
    return batch_alone ? kBatchesAlone : kBatches;
  }
  if (dims.size() != kPictureRank) {
    return kLengths;
  }
  const DimensionRange& last = dims.back();
  const bool channels_last = !last.is_dynamic() && last.max <= kMostChannels;
  const std::size_t height = channels_last ? 1 : 2;
  return axis == height ? kHeights : axis == height + 1 ? kWidths : kLengths;
}

std::int64_t choose_extent(const std::vector<DimensionRange>& dims, std::size_t axis,
                           bool batch_alone, std::size_t choice) {
  const DimensionRange& range = dims[axis];
  if (range.opt) {
    const std::int64_t largest = range.max == DimensionRange::kUnbounded ? *range.opt : range.max;
    const Extents extents = {*range.opt, std::max<std::int64_t>(range.min, 1), largest,
                             std::midpoint(range.min, *range.opt),
                             std::midpoint(*range.opt, largest)};
    return std::max<std::int64_t>(extents[choice], 1);
  }
  return std::clamp(plausible(dims, axis, batch_alone)[choice],
                    std::max<std::int64_t>(range.min, 1), std::max<std::int64_t>(range.max, 1));
}

double seconds_since(Steady::time_point begin) {
  return std::chrono::duration<double>(Steady::now() - begin).count();
}

/// One way to run one shape.
class Runner {
 public:
  Runner(Mode mode, const Engine& engine, const GraphCacheOptions& options)
      : runner_(mode, engine, options) {}

  void call(const Case& with) {
    runner_.begin_round(1);
    runner_.run_call(with, 0, {});
    runner_.end_round(std::nullopt);
    result_ = runner_.take_result();
  }

  [[nodiscard]] double seconds() const { return result_.call_times.back(); }
  [[nodiscard]] Route route() const { return result_.call_routes.back(); }
  [[nodiscard]] GraphCache& cache() { return *runner_.cache(); }

 private:
  ModeRunner runner_;
  ModeResult result_;
};

GraphCacheOptions options_of(const MeasurePlan& plan) {
  GraphCacheOptions options;
  options.capacity = 1;
  options.max_bytes = plan.max_bytes;
  options.admission = Admission::always();
  return options;
}

void measure_pairs(const Case& with, Runner& eager, Runner& replay, double seconds,
                   ShapeFigures& figures) {
  const Steady::time_point begin = Steady::now();
  while (figures.eager.size() < kMostPairs &&
         (figures.eager.size() < kFewestPairs || seconds_since(begin) < seconds)) {
    // Whoever goes first finds other memory caches than who goes last.
    const bool eager_first = figures.eager.size() % 2 == 0;
    (eager_first ? eager : replay).call(with);
    (eager_first ? replay : eager).call(with);
    if (replay.route() != Route::kReplayed) {
      figures.refusal = replay.cache().refusal(with.key).value_or(
          Refusal{Reason::kReplayFailed, "the captured graph failed to run; see the log"});
      figures.replay.clear();
      return;
    }
    figures.eager.push_back(eager.seconds());
    figures.replay.push_back(replay.seconds());
  }
}

/// Gives back what earlier graphs have freed: the next one would be built in it, and look small.
void release_free_memory() noexcept {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

/// `seconds`: for all that is measured of this shape.
void measure_shape(const Engine& engine, const Case& with, const MeasurePlan& plan, double seconds,
                   ShapeFigures& figures) {
  const Steady::time_point begin = Steady::now();
  Runner eager(Mode::kEager, engine, {});
  Runner replay(Mode::kReplay, engine, options_of(plan));
  eager.call(with);  // It prepares the shape; that is no part of the figures.
  release_free_memory();
  replay.call(with);
  figures.capture = replay.seconds();
  if (replay.route() != Route::kCaptured) {
    figures.refusal = replay.cache().refusal(with.key).value_or(
        Refusal{Reason::kCaptureFailed, "it was not captured; see the log"});
    for (std::size_t i = 0; i < kFewestPairs; ++i) {
      eager.call(with);
      figures.eager.push_back(eager.seconds());
    }
    return;
  }
  figures.bytes = replay.cache().stats().bytes;
  replay.call(with);  // The first replay warms up, too.
  measure_pairs(with, eager, replay, seconds - seconds_since(begin), figures);
  if (figures.eager.empty()) {
    figures.eager.push_back(eager.seconds());
  }
}

/// Indices, the most frequent first; of equals in the order of their first calls.
std::vector<std::size_t> by_frequency(const CheckedCalls& calls) {
  std::vector<std::uint64_t> counts(calls.names.size());
  for (const std::size_t index : calls.calls) {
    ++counts[index];
  }
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return counts[i]; });
  return order;
}

/// Takes out the shapes that do not run.
void drop(DoctorFigures& figures, const std::vector<std::size_t>& skipped) {
  std::vector<std::size_t> becomes(figures.shapes.size());
  std::vector<ShapeFigures> kept;
  for (std::size_t i = 0; i < figures.shapes.size(); ++i) {
    becomes[i] = kept.size();
    if (std::ranges::count(skipped, i) == 0) {
      kept.push_back(std::move(figures.shapes[i]));
    }
  }
  std::erase_if(figures.calls, [&](std::size_t i) { return std::ranges::count(skipped, i) > 0; });
  std::ranges::transform(figures.calls, figures.calls.begin(),
                         [&](std::size_t i) { return becomes[i]; });
  figures.shapes = std::move(kept);
}

}  // namespace

std::vector<DynamicDimension> dynamic_dimensions(const Engine& engine) {
  std::vector<DynamicDimension> dimensions;
  for (std::size_t input = 0; input < engine.inputs().size(); ++input) {
    const TensorSpec& spec = engine.inputs()[input];
    for (std::size_t axis = 0; spec.dims && axis < spec.dims->size(); ++axis) {
      if ((*spec.dims)[axis].is_dynamic()) {
        dimensions.push_back({input, axis, spec.name});
      }
    }
  }
  return dimensions;
}

std::vector<RequestedCall> choose_shapes(const Engine& engine) {
  const bool batch_alone = only_batch_is_dynamic(engine);
  const bool one_input = engine.inputs().size() == 1;
  std::vector<RequestedCall> chosen;
  for (std::size_t choice = 0; choice < kChoices; ++choice) {
    ShapeSpec spec;
    for (const TensorSpec& input : engine.inputs()) {
      if (!input.dims) {
        throw UsageError(
            fmt::format("expected --shapes or --trace: input {} has no fixed rank to choose from",
                        in_quotes(input.name)));
      }
      std::vector<std::int64_t> dims;
      for (std::size_t axis = 0; axis < input.dims->size(); ++axis) {
        dims.push_back(choose_extent(*input.dims, axis, batch_alone, choice));
      }
      spec.push_back({one_input ? "" : input.name, Shape(dims)});
    }
    if (std::ranges::find(chosen, spec, &RequestedCall::spec) == chosen.end()) {
      chosen.push_back({"chosen", std::move(spec)});
    }
  }
  return chosen;
}

DoctorFigures measure(const Engine& engine, const CheckedCalls& calls, const MeasurePlan& plan) {
  DoctorFigures figures;
  figures.calls = calls.calls;
  figures.dimensions = dynamic_dimensions(engine);
  figures.max_bytes = plan.max_bytes;
  for (std::size_t i = 0; i < calls.names.size(); ++i) {
    figures.shapes.push_back({.name = calls.names[i], .shapes = calls.shapes[i]});
  }
  std::vector<std::size_t> order = by_frequency(calls);
  order.resize(std::min(order.size(), plan.most_shapes));
  std::vector<std::size_t> skipped;
  ProgressBar progress("measuring", static_cast<std::int64_t>(order.size()));
  const Steady::time_point begin = Steady::now();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double left = plan.seconds - seconds_since(begin);
    if (i > skipped.size() && left <= 0) {
      break;  // One at least.
    }
    const std::size_t index = order[i];
    try {
      constexpr std::uint64_t kSeedsPerCase = 1U << 16U;
      const Case with = make_case(engine, calls.names[index], calls.shapes[index],
                                  plan.seed * 0x9E3779B97F4A7C15ULL + index * kSeedsPerCase);
      measure_shape(engine, with, plan,
                    left / static_cast<double>(std::min(order.size() - i, kSharers)),
                    figures.shapes[index]);
    } catch (const Error& error) {
      if (!plan.may_skip || error.code() != ErrorCode::kModelRuntime) {
        throw;
      }
      figures.shapes[index] = {};
      skipped.push_back(index);
      if (skipped.size() == order.size()) {
        throw Error(ErrorCode::kModelInput,
                    fmt::format("none of the shapes that were chosen runs: give --shapes or "
                                "--trace; the last, {}, failed: {}",
                                calls.names[index], error.what()));
      }
    }
    progress.advance();
  }
  drop(figures, skipped);
  return figures;
}

}  // namespace replayrt::cli
