#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "replayrt/core/engine.hpp"
#include "replayrt/core/infer.hpp"

namespace replayrt::detail {

/// One element of some dtype, repeated to whole bytes.
struct FillPattern {
  std::array<std::byte, 8> bytes{};
  std::size_t size = 1;

  [[nodiscard]] std::span<const std::byte> span() const noexcept { return {bytes.data(), size}; }
};

/// Null if `dtype` cannot hold `value`: integers hold whole numbers in range, bool 0 and 1, floats
/// what rounds to a finite value, infinities and NaN; those of 8 bits and less only 0, if at all.
std::optional<FillPattern> fill_pattern(DType dtype, double value);

/// `extent` rounded up to its bucket, but within `range`; never less than `extent`.
std::int64_t padded_extent(const Buckets& buckets, std::int64_t extent,
                           const DimensionRange& range) noexcept;

/// Bytes of one row (everything behind dimension 0). Throws Error(kUnsupported) that names `name`
/// if they are no whole bytes.
std::size_t row_bytes(DType dtype, const Shape& shape, const std::string& name);

/// Copies the block of `extents` at the origin of one tensor to the origin of another, run by run;
/// both are dense, of `dtype` and of the rank of `extents`, which fits into both. Throws as
/// `row_bytes` does.
void copy_block(MemoryResource& memory, const RunContext& context, DType dtype,
                const Shape& extents, void* to, const Shape& to_shape, const void* from,
                const Shape& from_shape, const std::string& name);

/// Which dimensions of one call are padded, and how far.
class DimensionPlan {
 public:
  /// Throws Error(kInvalidParameter, kModelInput) that names tensor and axis unless `named` and
  /// `inputs`, of which there are as many as the engine has, fit the engine and each other.
  /// `batched`: which inputs have a batch, whose axis is no affair of `named`; empty: none.
  /// `engine` and `named` must outlive it.
  DimensionPlan(const EngineBackend& engine, std::span<const TensorView> inputs,
                std::span<const DimensionBuckets> named, std::span<const bool> batched);

  /// `shape` of an input, with its named dimensions padded.
  [[nodiscard]] Shape padded(std::size_t input, Shape shape) const;

  /// What the padding of an input with a named dimension holds.
  [[nodiscard]] FillPattern fill(std::size_t input) const;

  /// `shape` of an output, cut back to what belongs to the true extents. Throws
  /// Error(kModelRuntime) if it is not what the options say.
  [[nodiscard]] Shape cut(std::size_t output, const Shape& shape) const;

 private:
  struct Dimension {
    const DimensionBuckets* named = nullptr;
    std::int64_t extent = 0;
    std::int64_t padded = 0;
  };

  void check_outputs(const DimensionBuckets& named, bool batched) const;
  void require_apart(const DimensionBuckets& named) const;

  const EngineBackend& engine_;
  SmallVector<Dimension, 4> dimensions_;
};

}  // namespace replayrt::detail
