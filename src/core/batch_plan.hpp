#pragma once

#include <algorithm>
#include <cstdint>

#include "core/padding.hpp"
#include "replayrt/core/error.hpp"
#include "replayrt/core/infer.hpp"

namespace replayrt::detail {

/// How `rows` rows are run by an engine that takes `limits.min` to `limits.max` rows at once. Pure
/// arithmetic.
class BatchPlan {
 public:
  struct Chunk {
    std::int64_t begin;    ///< First row of the batch that it takes.
    std::int64_t rows;     ///< Rows of the batch that it takes.
    std::int64_t padding;  ///< Zero rows that are added behind them.

    [[nodiscard]] std::int64_t padded_rows() const noexcept { return rows + padding; }
  };

  /// Each chunk is padded up to its bucket, within the limits and the `range` of the engine.
  /// `buckets` must outlive it. Throws Error(kInvalidParameter) unless 1 <= min <= max.
  BatchPlan(std::int64_t rows, const BatchLimits& limits, const Buckets& buckets,
            const DimensionRange& range);
  BatchPlan(std::int64_t rows, const BatchLimits& limits);

  /// At least 1: an empty batch is one chunk of padding.
  [[nodiscard]] std::int64_t chunk_count() const noexcept { return count_; }
  [[nodiscard]] Chunk chunk(std::int64_t index) const noexcept {
    const std::int64_t begin = index * limits_.max;
    const std::int64_t rows = std::min(rows_ - begin, limits_.max);
    const std::int64_t needed = std::max(rows, limits_.min);
    return {begin, rows, padded_extent(*buckets_, needed, range_) - rows};
  }

 private:
  std::int64_t rows_;
  BatchLimits limits_;
  const Buckets* buckets_;
  DimensionRange range_;
  std::int64_t count_;
};

}  // namespace replayrt::detail
