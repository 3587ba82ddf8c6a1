#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace replayrt {

/// A fully known tensor shape: up to `kMaxRank` dimensions, each >= 0, outermost first. A value
/// type that never allocates. Rank 0 is a scalar (one element).
class Shape {
 public:
  static constexpr std::size_t kMaxRank = 8;  ///< TensorRT's limit, kept for every backend.

  Shape() = default;

  /// Throws Error(kInvalidParameter) on a negative dimension, more than `kMaxRank` dimensions, or a
  /// product of the dimensions that does not fit std::int64_t.
  Shape(std::initializer_list<std::int64_t> dims);
  explicit Shape(std::span<const std::int64_t> dims);

  /// Reads "1x3x48x320"; "scalar" is rank 0. Throws Error(kInvalidParameter) that quotes `text`.
  static Shape parse(std::string_view text);

  [[nodiscard]] std::size_t rank() const noexcept { return rank_; }
  [[nodiscard]] std::span<const std::int64_t> dims() const noexcept {
    return {dims_.data(), rank_};
  }

  /// Dimension `axis`, which must be below `rank()`.
  [[nodiscard]] std::int64_t operator[](std::size_t axis) const noexcept { return dims_[axis]; }

  /// Product of the dimensions; checked for overflow when the shape was made.
  [[nodiscard]] std::int64_t num_elements() const noexcept;

  /// The same shape with dimension `axis` set to `extent`. Throws as the constructor does, and if
  /// `axis` is not below `rank()`.
  [[nodiscard]] Shape with_dim(std::size_t axis, std::int64_t extent) const;

  /// "1x3x48x320"; "scalar" for rank 0.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Shape& a, const Shape& b) noexcept {
    // Unused dimensions are always zero, so whole arrays compare.
    return a.rank_ == b.rank_ && a.dims_ == b.dims_;
  }

 private:
  std::array<std::int64_t, kMaxRank> dims_{};
  std::size_t rank_ = 0;
};

}  // namespace replayrt
