#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "replayrt/core/graph_cache_options.hpp"

namespace replayrt::cli {

/// The numbers of the cache's own rule, which is no public header (src/core/admission.hpp,
/// src/core/usage.hpp); a test compares them.
namespace simulated_rule {
inline constexpr double kCaptureAllowance = 0.04;
inline constexpr double kWorthMargin = 1.5;
inline constexpr double kFasterRatio = 0.99;
inline constexpr double kHalfLife = 256;
}  // namespace simulated_rule

/// What one shape costs, in seconds and bytes.
struct ShapeCost {
  double eager = 0;    ///< A call that runs eagerly.
  double replay = 0;   ///< One that replays.
  double capture = 0;  ///< One that captures, from its start to its answer.
  std::int64_t bytes = 0;
  bool capturable = true;  ///< False: every call of it is eager.
};

/// A capture's price: what the call that captures takes longer than an eager one; at least 0.
double capture_price(const ShapeCost& shape) noexcept;
/// What a replay saves over an eager run; negative if it is slower.
double saving(const ShapeCost& shape) noexcept;

/// What serving a trace costs.
struct TraceCost {
  double seconds = 0;
  std::int64_t eager = 0;
  std::int64_t captures = 0;
  std::int64_t replays = 0;
  std::int64_t evictions = 0;
};

/// Serves `calls` (indices into `shapes`), one after the other, from a cache that begins empty:
/// what GraphCache does under `options` (capacity, max_bytes, eviction; admission `always` or
/// `pays_back`, inline), computed with figures that stay the same from call to call. Not set:
/// pays_back. Capacity 0: all is eager. Pure.
///
/// always: every miss captures. pays_back: a miss captures once the eager calls of the shape since
/// its last capture, times what a replay saves of them, have cost the price; all captures together
/// cost at most 4 % of what the calls so far would take eagerly, and what replays have saved; and
/// what must go for it has saved less of late than two thirds of what it would have saved. Of late:
/// a call counts half after 256 others.
TraceCost simulate(std::span<const ShapeCost> shapes, std::span<const std::size_t> calls,
                   const GraphCacheOptions& options);

}  // namespace replayrt::cli
