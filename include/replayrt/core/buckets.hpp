#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace replayrt {

/// The extents that one dimension is rounded up to, so that fewer shapes need a graph. A value.
class Buckets {
 public:
  enum class Kind : std::uint8_t { kNone, kPowersOfTwo, kMultiples, kList };

  /// None: every extent is left as it is.
  Buckets() noexcept = default;
  static Buckets none() noexcept { return {}; }
  static Buckets powers_of_two() noexcept;
  /// Throws Error(kInvalidParameter) unless `step` is at least 1.
  static Buckets multiples_of(std::int64_t step);
  /// Throws Error(kInvalidParameter) unless `extents` is not empty and ascends, without repeats,
  /// from at least 1.
  static Buckets list(std::vector<std::int64_t> extents);

  /// Reads "none", "pow2", "multiples:32" or "list:1,2,4,8". Throws Error(kInvalidParameter) that
  /// quotes `text`.
  static Buckets parse(std::string_view text);
  /// The inverse.
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_none() const noexcept { return kind_ == Kind::kNone; }
  /// Of kind kList; else empty.
  [[nodiscard]] const std::vector<std::int64_t>& extents() const noexcept { return extents_; }

  /// The least bucket of at least `extent`. Beyond the largest bucket, and for 0 (nothing is padded
  /// into something), it is `extent` itself.
  [[nodiscard]] std::int64_t round_up(std::int64_t extent) const noexcept;

  friend bool operator==(const Buckets&, const Buckets&) = default;

 private:
  Kind kind_ = Kind::kNone;
  std::int64_t step_ = 1;
  std::vector<std::int64_t> extents_;
};

/// How often an extent was seen.
struct ExtentCount {
  std::int64_t extent = 0;
  std::uint64_t count = 0;
};

struct ProposeBucketsOptions {
  static constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

  std::int64_t max_bytes = kUnbounded;  ///< Most bytes of the graphs of all buckets together.
  /// One graph holds base_bytes + bytes_per_unit * its bucket.
  std::int64_t base_bytes = 0;
  std::int64_t bytes_per_unit = 0;
  std::size_t max_buckets = 8;
};

struct BucketProposal {
  Buckets buckets{};               ///< A list, or none; see below.
  std::uint64_t seen_units = 0;    ///< Sum over the histogram of count * extent.
  std::uint64_t padded_units = 0;  ///< Sum of count * (bucket - extent).
  std::int64_t bytes = 0;          ///< Of the graphs of all buckets.

  /// Share of the computed units that is padding, 0 to 1.
  [[nodiscard]] double waste() const noexcept;
};

/// The list of buckets that pads least of what `histogram` says was seen, covers all of it, and
/// fits the budget; of equals the one of the fewest bytes, then of the fewest buckets, then the one
/// whose extents are smaller from the first on. None, with 0 bytes, where nothing was seen or not
/// even one graph of the largest extent fits. Exact (dynamic programme over the extents and their
/// combinations that nothing beats in padding and bytes): for a few hundred extents, not for
/// thousands. Extents may come in any order and more than once. Pure. Throws
/// Error(kInvalidParameter) for an extent below 1, negative bytes, no bucket, or sums that do not
/// fit 63 bits.
BucketProposal propose_buckets(std::span<const ExtentCount> histogram,
                               const ProposeBucketsOptions& options);

}  // namespace replayrt
