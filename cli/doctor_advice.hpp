#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doctor_simulation.hpp"
#include "replayrt/core/buckets.hpp"
#include "replayrt/core/graph_cache_options.hpp"
#include "replayrt/core/graph_cache_stats.hpp"
#include "replayrt/core/shape.hpp"

namespace replayrt::cli {

/// What was measured of one set of input shapes. Times in seconds.
struct ShapeFigures {
  std::string name{};           ///< As in a trace.
  std::vector<Shape> shapes{};  ///< Of the inputs, in the engine's order.
  std::vector<double> eager{};  ///< Of calls; none: it was not measured.
  /// One for each of `eager`, measured right beside it; none if it could not be captured.
  std::vector<double> replay{};
  double capture = 0;                ///< The call that captured, its comparison included.
  std::int64_t bytes = 0;            ///< Of its graph.
  std::optional<Refusal> refusal{};  ///< Why there is no graph.

  [[nodiscard]] bool measured() const noexcept { return !eager.empty(); }
  [[nodiscard]] bool captured() const noexcept { return measured() && !refusal.has_value(); }
};

/// One dimension that may vary.
struct DynamicDimension {
  std::size_t input = 0;
  std::size_t axis = 0;
  std::string input_name{};

  friend bool operator==(const DynamicDimension&, const DynamicDimension&) = default;
};

/// All that the advice follows from.
struct DoctorFigures {
  std::vector<ShapeFigures> shapes{};  ///< Distinct; at least one is measured.
  /// Indices into `shapes`, in the order of the calls; without a trace each of them once.
  std::vector<std::size_t> calls{};
  bool has_trace = false;
  std::vector<DynamicDimension> dimensions{};  ///< None: the model is static.
  std::int64_t max_bytes = GraphCacheOptions::kUnbounded;
  std::size_t max_buckets = 8;
};

enum class Verdict : std::uint8_t {
  kHelps,
  kHelpsLittle,
  kDoesNotHelp,
  kCannotBeCaptured,
};

/// "helps", "helps_little", "does_not_help", "cannot_be_captured"
std::string_view to_string(Verdict verdict) noexcept;

/// Replay time over eager time. Every shape counts by its calls and its eager time, with the median
/// of its pairs.
struct RatioFigures {
  double median = 1;
  /// Where the median lies with 90 % certainty (bootstrap: the pairs drawn again 200 times, with a
  /// fixed seed).
  double from = 1;
  double to = 1;
  /// Of single rounds, one pair of every shape, a tenth is below, a tenth above.
  double low = 1;
  double high = 1;
  std::size_t rounds = 0;  ///< Pairs of the shape that has most.
};

/// One shape, as far as it matters for what to choose.
struct ShapeAdvice {
  std::uint64_t calls = 0;
  ShapeCost cost{};
  bool estimated = false;  ///< Not measured: from those that were, by the number of elements.
  /// Replays after which the capture has paid; none if it never does, or cannot be captured.
  std::optional<double> break_even{};
  bool pays = false;  ///< Has more calls in the trace than that; without a trace: it ever pays.
};

/// Why shapes were not captured.
struct RefusalAdvice {
  Reason reason = Reason::kNone;
  std::string message{};  ///< Of the first of them.
  std::size_t shapes = 0;
  std::uint64_t calls = 0;
};

/// What serving the trace costs. Computed, not measured.
struct TraceAdvice {
  TraceCost eager{};   ///< Without a cache.
  TraceCost always{};  ///< This and the next: room for every shape, but for the budget; LRU.
  TraceCost pays_back{};
  /// Both with the recommended admission, capacity and bytes.
  TraceCost lru{};
  TraceCost cost_aware{};
};

/// The cache to use.
struct CacheAdvice {
  bool use = false;
  Admission admission{};
  Eviction eviction = Eviction::kLeastRecentlyUsed;
  std::int64_t capacity = 0;
  std::int64_t max_bytes = 0;     ///< Bytes of the graphs that `capacity` counts.
  std::size_t left_out = 0;       ///< Shapes that would pay and do not fit the budget.
  std::int64_t bytes_wanted = 0;  ///< What it would hold if the budget left nothing out.
};

/// Buckets of one dimension.
struct BucketAdvice {
  DynamicDimension dimension{};
  BucketProposal proposal{};
  std::size_t extents = 0;  ///< Different ones that the trace has.
  std::size_t shapes = 0;   ///< Different ones that are left of the trace's.
  TraceCost cost{};         ///< Of the padded trace with its best admission; estimated.
  bool worth_it = false;    ///< At least 1 % faster than the best without buckets.
};

struct Advice {
  Verdict verdict = Verdict::kDoesNotHelp;
  std::optional<RatioFigures> ratio{};  ///< None if nothing was captured.
  bool certain = true;  ///< What the ratio is judged to be does not change between `from` and `to`.
  double saving = 0;    ///< Seconds a replay saves; mean by calls.
  std::optional<double> break_even{};  ///< Of all captured shapes together; as in ShapeAdvice.
  std::vector<ShapeAdvice> shapes{};   ///< One for each of the figures.
  std::uint64_t measured_calls = 0;    ///< Calls of the shapes that were measured.
  std::vector<RefusalAdvice> refusals{};
  std::optional<TraceAdvice> trace{};  ///< With a trace, if anything was captured.
  CacheAdvice cache{};
  std::vector<BucketAdvice> buckets{};
};

/// What follows from the figures. Pure. Throws Error(kInvalidParameter) if no shape was measured.
Advice advise(const DoctorFigures& figures);

/// What the doctor takes for noise, or too little to matter: replays above this share of eager time
/// gain nothing (the cache's own rule), above the second one little.
inline constexpr double kNothingGained = 0.99;
inline constexpr double kLittleGained = 0.97;

}  // namespace replayrt::cli
