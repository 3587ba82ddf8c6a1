#include <algorithm>
#include <compare>
#include <optional>
#include <string>
#include <utility>

#include "replayrt/core/buckets.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void refuse_proposal(const std::string& message) {
  throw Error(ErrorCode::kInvalidParameter, "propose_buckets: " + message);
}

/// Null if the product or sum does not fit.
std::optional<std::int64_t> times(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::nullopt : std::optional(product);
}
std::optional<std::int64_t> plus(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::nullopt : std::optional(sum);
}

/// Distinct extents, ascending, and sums over the histogram up to each.
struct Seen {
  std::vector<std::int64_t> extents;
  std::vector<std::int64_t> counts{0};  ///< counts[i]: of the first i extents.
  std::vector<std::int64_t> units{0};   ///< Likewise, count * extent.

  /// Units of padding if the extents from `begin` up to and with `bucket` are padded to it.
  [[nodiscard]] std::int64_t padding(std::size_t begin, std::size_t bucket) const {
    return extents[bucket] * (counts[bucket + 1] - counts[begin]) -
           (units[bucket + 1] - units[begin]);
  }
};

Seen seen_in(std::span<const ExtentCount> histogram) {
  std::vector<ExtentCount> sorted(histogram.begin(), histogram.end());
  std::erase_if(sorted, [](const ExtentCount& seen) { return seen.count == 0; });
  std::ranges::sort(sorted, {}, &ExtentCount::extent);
  Seen seen;
  for (const ExtentCount& entry : sorted) {
    if (entry.extent < 1) {
      refuse_proposal("extent " + std::to_string(entry.extent) + ": expected at least 1");
    }
    if (seen.extents.empty() || seen.extents.back() != entry.extent) {
      seen.extents.push_back(entry.extent);
      seen.counts.push_back(seen.counts.back());
      seen.units.push_back(seen.units.back());
    }
    const auto count = entry.count <= static_cast<std::uint64_t>(kMost)
                           ? plus(seen.counts.back(), static_cast<std::int64_t>(entry.count))
                           : std::nullopt;
    // The largest product that `padding` forms.
    if (!count.has_value() || !times(*count, sorted.back().extent).has_value()) {
      refuse_proposal("the sum of count * extent does not fit 63 bits");
    }
    seen.counts.back() = *count;
    seen.units.back() += static_cast<std::int64_t>(entry.count) * entry.extent;
  }
  return seen;
}

std::vector<std::int64_t> bytes_of(const Seen& seen, const ProposeBucketsOptions& options) {
  std::vector<std::int64_t> bytes;
  for (const std::int64_t extent : seen.extents) {
    const auto units = times(options.bytes_per_unit, extent);
    const auto whole = units.has_value() ? plus(*units, options.base_bytes) : std::nullopt;
    if (!whole.has_value()) {
      refuse_proposal("the bytes of a graph of extent " + std::to_string(extent) +
                      " do not fit 63 bits");
    }
    bytes.push_back(*whole);
  }
  return bytes;
}

/// The dynamic programme. A choice is a set of buckets, the last of which covers the extents so
/// far; choices of one number and one last bucket are compared with each other.
class Search {
 public:
  Search(const Seen& seen, std::vector<std::int64_t> bytes, const ProposeBucketsOptions& options)
      : seen_(seen),
        bytes_(std::move(bytes)),
        max_bytes_(options.max_bytes),
        most_(std::min(options.max_buckets, bytes_.size())),
        is_bound_(!all_fit()) {}

  /// The extents of the best choice; empty if none fits.
  std::vector<std::int64_t> best() {
    const std::size_t last = bytes_.size() - 1;
    std::optional<std::size_t> best;
    std::vector<std::vector<std::size_t>> before;
    for (std::size_t number = 1; number <= most_; ++number) {
      std::vector<std::vector<std::size_t>> now(bytes_.size());
      for (std::size_t bucket = 0; bucket <= last; ++bucket) {
        now[bucket] = kept(candidates(number, bucket, before));
      }
      for (const std::size_t choice : now[last]) {  // The first has the least padding.
        if (!best.has_value() || std::pair(choices_[choice].padding, choices_[choice].bytes) <
                                     std::pair(choices_[*best].padding, choices_[*best].bytes)) {
          best = choice;
        }
      }
      before = std::move(now);
    }
    std::vector<std::int64_t> extents;
    for (std::size_t at = best.value_or(kNone); at != kNone; at = choices_[at].before) {
      extents.push_back(seen_.extents[choices_[at].bucket]);
    }
    std::ranges::reverse(extents);
    return extents;
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  struct Choice {
    std::int64_t padding;
    std::int64_t bytes;
    std::size_t bucket;
    std::size_t before;  ///< The choice that it adds `bucket` to.
  };

  /// Whether the budget can be no bound: then only padding counts, and bytes between equals.
  [[nodiscard]] bool all_fit() const {
    std::int64_t left = max_bytes_;
    for (std::size_t i = 0; i < most_; ++i) {
      const std::int64_t bytes = bytes_[bytes_.size() - 1 - i];
      if (bytes > left) {
        return false;
      }
      left -= bytes;
    }
    return true;
  }

  std::vector<Choice> candidates(std::size_t number, std::size_t bucket,
                                 const std::vector<std::vector<std::size_t>>& before) const {
    std::vector<Choice> made;
    const std::size_t last = bytes_.size() - 1;
    // The largest extent has to be a bucket in the end.
    const std::int64_t reserved = bucket == last ? 0 : bytes_[last];
    const auto add = [&](std::size_t begin, std::int64_t padding, std::int64_t bytes,
                         std::size_t choice) {
      if (reserved <= max_bytes_ - bytes && bytes_[bucket] <= max_bytes_ - bytes - reserved) {
        made.push_back(
            {padding + seen_.padding(begin, bucket), bytes + bytes_[bucket], bucket, choice});
      }
    };
    if (number == 1) {
      add(0, 0, 0, kNone);
      return made;
    }
    for (std::size_t previous = 0; previous < bucket; ++previous) {
      for (const std::size_t choice : before[previous]) {
        add(previous + 1, choices_[choice].padding, choices_[choice].bytes, choice);
      }
    }
    return made;
  }

  /// Those that no other beats in padding and in bytes, the least padding first.
  std::vector<std::size_t> kept(std::vector<Choice> candidates) {
    std::ranges::sort(candidates, [this](const Choice& a, const Choice& b) {
      return std::pair(a.padding, a.bytes) != std::pair(b.padding, b.bytes)
                 ? std::pair(a.padding, a.bytes) < std::pair(b.padding, b.bytes)
                 : order(a.before, b.before) < 0;
    });
    std::vector<std::size_t> kept;
    for (const Choice& choice : candidates) {
      if (kept.empty() || (is_bound_ && choice.bytes < choices_[kept.back()].bytes)) {
        kept.push_back(choices_.size());
        choices_.push_back(choice);
      }
    }
    return kept;
  }

  /// Of two choices of one number: less comes the one whose extents are smaller from the first on.
  [[nodiscard]] std::strong_ordering order(std::size_t a, std::size_t b) const {
    if (a == b) {
      return std::strong_ordering::equal;
    }
    const auto of_before = order(choices_[a].before, choices_[b].before);
    return of_before != 0 ? of_before : choices_[a].bucket <=> choices_[b].bucket;
  }

  const Seen& seen_;
  const std::vector<std::int64_t> bytes_;  ///< Of a graph of each extent.
  const std::int64_t max_bytes_;
  const std::size_t most_;
  const bool is_bound_;
  std::vector<Choice> choices_;
};

}  // namespace

double BucketProposal::waste() const noexcept {
  const double computed = static_cast<double>(seen_units) + static_cast<double>(padded_units);
  return computed > 0 ? static_cast<double>(padded_units) / computed : 0;
}

BucketProposal propose_buckets(std::span<const ExtentCount> histogram,
                               const ProposeBucketsOptions& options) {
  if (options.max_bytes < 0 || options.base_bytes < 0 || options.bytes_per_unit < 0) {
    refuse_proposal("max_bytes " + std::to_string(options.max_bytes) + ", base_bytes " +
                    std::to_string(options.base_bytes) + ", bytes_per_unit " +
                    std::to_string(options.bytes_per_unit) + ": expected none below 0");
  }
  if (options.max_buckets == 0) {
    refuse_proposal("max_buckets 0: expected at least 1");
  }
  const Seen seen = seen_in(histogram);
  BucketProposal proposal{.seen_units = static_cast<std::uint64_t>(seen.units.back())};
  if (seen.extents.empty()) {
    return proposal;
  }
  const std::vector<std::int64_t> bytes = bytes_of(seen, options);
  std::vector<std::int64_t> extents = Search(seen, bytes, options).best();
  if (extents.empty()) {
    return proposal;
  }
  proposal.buckets = Buckets::list(std::move(extents));
  for (std::size_t i = 0; i < seen.extents.size(); ++i) {
    const std::int64_t bucket = proposal.buckets.round_up(seen.extents[i]);
    proposal.padded_units += static_cast<std::uint64_t>((seen.counts[i + 1] - seen.counts[i]) *
                                                        (bucket - seen.extents[i]));
    proposal.bytes += bucket == seen.extents[i] ? bytes[i] : 0;
  }
  return proposal;
}

}  // namespace replayrt
