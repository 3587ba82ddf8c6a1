#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <tuple>

#include "core/expect_error.hpp"
#include "replayrt/core/buckets.hpp"

namespace replayrt {
namespace {

using Histogram = std::vector<ExtentCount>;

TEST(ProposeBucketsTest, PadsLeast) {
  const Histogram seen{{100, 10}, {10, 1000}, {11, 1}, {90, 5}};
  const BucketProposal two = propose_buckets(seen, {.max_buckets = 2});
  EXPECT_EQ(two.buckets, Buckets::list({10, 100}));
  EXPECT_EQ(two.padded_units, 89U + 50U);
  EXPECT_EQ(two.seen_units, 1000U + 10'000U + 11U + 450U);
  EXPECT_DOUBLE_EQ(two.waste(), 139.0 / (11'461.0 + 139.0));
  EXPECT_EQ(propose_buckets(seen, {.max_buckets = 3}).buckets, Buckets::list({10, 11, 100}));
  const BucketProposal all = propose_buckets(seen, {});
  EXPECT_EQ(all.buckets, Buckets::list({10, 11, 90, 100}));
  EXPECT_EQ(all.padded_units, 0U);
  EXPECT_EQ(all.waste(), 0);
}

TEST(ProposeBucketsTest, StaysWithinTheBudget) {
  const Histogram seen{{10, 5}, {20, 5}, {30, 5}};
  ProposeBucketsOptions options{.base_bytes = 1000, .bytes_per_unit = 10};
  options.max_bytes = 1100 + 1200 + 1300;
  const BucketProposal all = propose_buckets(seen, options);
  EXPECT_EQ(all.buckets, Buckets::list({10, 20, 30}));
  EXPECT_EQ(all.bytes, 3600);
  --options.max_bytes;
  const BucketProposal two = propose_buckets(seen, options);
  EXPECT_EQ(two.buckets, Buckets::list({10, 30})) << "pads as much as 20 and 30, in fewer bytes";
  EXPECT_EQ(two.bytes, 2400);
  options.max_bytes = 1300;
  EXPECT_EQ(propose_buckets(seen, options).buckets, Buckets::list({30}));
  --options.max_bytes;
  const BucketProposal none = propose_buckets(seen, options);
  EXPECT_TRUE(none.buckets.is_none());
  EXPECT_EQ(none.bytes, 0);
  EXPECT_EQ(none.padded_units, 0U);
}

TEST(ProposeBucketsTest, NothingSeenNeedsNoBuckets) {
  EXPECT_TRUE(propose_buckets({}, {}).buckets.is_none());
  const Histogram never{{5, 0}};
  EXPECT_TRUE(propose_buckets(never, {}).buckets.is_none());
  EXPECT_EQ(propose_buckets(never, {}).waste(), 0);
}

TEST(ProposeBucketsTest, RefusesWhatMeansNothing) {
  const auto refuse = [](const Histogram& seen, const ProposeBucketsOptions& options,
                         const std::vector<std::string>& parts) {
    expect_error(ErrorCode::kInvalidParameter, parts, [&] { propose_buckets(seen, options); });
  };
  refuse({{0, 1}}, {}, {"extent 0", "at least 1"});
  refuse({{1, 1}}, {.max_buckets = 0}, {"max_buckets 0"});
  refuse({{1, 1}}, {.max_bytes = -1}, {"max_bytes -1"});
  refuse({{1, 1}}, {.bytes_per_unit = -2}, {"bytes_per_unit -2"});
  refuse({{1 << 30, 1}}, {.bytes_per_unit = std::int64_t{1} << 40}, {"bytes", "1073741824"});
  refuse({{1 << 30, std::uint64_t{1} << 40}}, {}, {"count * extent"});
  refuse({{1, ~std::uint64_t{0}}}, {}, {"count * extent"});
}

using Cost = std::tuple<std::uint64_t, std::int64_t, std::size_t, std::vector<std::int64_t>>;

/// The best of all subsets: padding, bytes, number, extents.
std::optional<Cost> brute_force(const Histogram& histogram, const ProposeBucketsOptions& options) {
  std::map<std::int64_t, std::uint64_t> seen;
  for (const ExtentCount& entry : histogram) {
    if (entry.count > 0) {
      seen[entry.extent] += entry.count;
    }
  }
  std::vector<std::int64_t> extents;
  for (const auto& [extent, count] : seen) {
    extents.push_back(extent);
  }
  std::optional<Cost> best;
  for (unsigned subset = 1; subset < 1U << extents.size(); ++subset) {
    std::vector<std::int64_t> chosen;
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < extents.size(); ++i) {
      if ((subset >> i & 1U) != 0) {
        chosen.push_back(extents[i]);
        bytes += options.base_bytes + options.bytes_per_unit * extents[i];
      }
    }
    if (chosen.back() != extents.back() || chosen.size() > options.max_buckets ||
        bytes > options.max_bytes) {
      continue;
    }
    std::uint64_t padding = 0;
    for (const auto& [extent, count] : seen) {
      padding +=
          count * static_cast<std::uint64_t>(*std::ranges::lower_bound(chosen, extent) - extent);
    }
    Cost cost{padding, bytes, chosen.size(), chosen};
    if (!best.has_value() || cost < *best) {
      best = std::move(cost);
    }
  }
  return best;
}

TEST(ProposeBucketsTest, AgreesWithTryingAll) {
  const unsigned seed = 20261126;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  int unfit = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    Histogram histogram;
    const std::size_t size = random() % 9 + 1;
    for (std::size_t i = 0; i < size; ++i) {  // Small numbers: ties are many.
      histogram.push_back({static_cast<std::int64_t>(random() % 12) + 1, random() % 4});
    }
    ProposeBucketsOptions options;
    options.base_bytes = static_cast<std::int64_t>(random() % 3) * 5;
    options.bytes_per_unit = static_cast<std::int64_t>(random() % 3);
    options.max_buckets = random() % 5 + 1;
    if (random() % 3 != 0) {
      options.max_bytes = static_cast<std::int64_t>(random() % 60);
    }
    const auto expected = brute_force(histogram, options);
    const BucketProposal proposal = propose_buckets(histogram, options);
    if (!expected.has_value()) {
      ASSERT_TRUE(proposal.buckets.is_none()) << trial;
      ++unfit;
      continue;
    }
    ASSERT_EQ(Cost(proposal.padded_units, proposal.bytes, proposal.buckets.extents().size(),
                   proposal.buckets.extents()),
              *expected)
        << trial;
    std::ranges::shuffle(histogram, random);
    ASSERT_EQ(propose_buckets(histogram, options).buckets, proposal.buckets) << "in any order";
  }
  EXPECT_GT(unfit, 10);
  EXPECT_LT(unfit, 1000);
}

TEST(ProposeBucketsTest, HundredsOfExtentsUnderATightBudget) {
  Histogram histogram;
  for (std::int64_t extent = 8; extent <= 8 * 160; extent += 8) {
    histogram.push_back({extent, static_cast<std::uint64_t>(1 + extent * 7 % 31)});
  }
  ProposeBucketsOptions options{.base_bytes = 20'000'000, .bytes_per_unit = 50'000};
  const BucketProposal free = propose_buckets(histogram, options);
  EXPECT_EQ(free.buckets.extents().size(), 8U);
  options.max_bytes = free.bytes * 3 / 4;
  const BucketProposal tight = propose_buckets(histogram, options);
  EXPECT_LE(tight.bytes, options.max_bytes);
  EXPECT_GT(tight.padded_units, free.padded_units);
  EXPECT_LT(tight.waste(), 0.2);
}

}  // namespace
}  // namespace replayrt
