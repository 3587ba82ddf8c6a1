#include "replayrt/core/buckets.hpp"

#include <limits>

#include "core/expect_error.hpp"

namespace replayrt {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(BucketsTest, ReadWhatTheyWrite) {
  for (const char* text : {"none", "pow2", "multiples:1", "multiples:32", "list:1", "list:1,2,4,8",
                           "multiples:9223372036854775807"}) {
    EXPECT_EQ(Buckets::parse(text).to_string(), text);
  }
  EXPECT_EQ(Buckets::parse("none"), Buckets());
  EXPECT_EQ(Buckets::parse("pow2"), Buckets::powers_of_two());
  EXPECT_EQ(Buckets::parse("multiples:32"), Buckets::multiples_of(32));
  EXPECT_EQ(Buckets::parse("list:1,2,4"), Buckets::list({1, 2, 4}));
  EXPECT_NE(Buckets::parse("multiples:32"), Buckets::multiples_of(16));
}

TEST(BucketsTest, OthersAreQuoted) {
  for (const char* text : {"",
                           "None",
                           "pow2 ",
                           "pow3",
                           "multiples",
                           "multiples:",
                           "multiples:0",
                           "multiples:-4",
                           "multiples:4x",
                           "multiples: 4",
                           "multiples:9223372036854775808",
                           "list",
                           "list:",
                           "list:0,1",
                           "list:2,1",
                           "list:2,2",
                           "list:1,,2",
                           "list:1,2,",
                           "list:,1",
                           "list:1 ,2",
                           "list:1.5"}) {
    expect_error(ErrorCode::kInvalidParameter,
                 {"'" + std::string(text) + "'", "none, pow2, multiples:N", "list:A,B"},
                 [&] { Buckets::parse(text); });
  }
}

TEST(BucketsTest, ImpossibleOnesAreNamed) {
  expect_error(ErrorCode::kInvalidParameter, {"multiples of 0", "at least 1"},
               [] { Buckets::multiples_of(0); });
  expect_error(ErrorCode::kInvalidParameter, {"'list:'", "at least one extent"},
               [] { Buckets::list({}); });
  expect_error(ErrorCode::kInvalidParameter, {"'list:4,2'", "ascending"}, [] {
    Buckets::list({4, 2});
  });
  expect_error(ErrorCode::kInvalidParameter, {"'list:0'"}, [] { Buckets::list({0}); });
}

TEST(BucketsTest, RoundUp) {
  const auto expect = [](const Buckets& buckets,
                         std::vector<std::pair<std::int64_t, std::int64_t>> pairs) {
    for (const auto& [extent, bucket] : pairs) {
      EXPECT_EQ(buckets.round_up(extent), bucket) << buckets.to_string() << " of " << extent;
    }
  };
  expect(Buckets::none(), {{0, 0}, {1, 1}, {77, 77}});
  expect(Buckets::powers_of_two(), {{0, 0},
                                    {1, 1},
                                    {2, 2},
                                    {3, 4},
                                    {4, 4},
                                    {5, 8},
                                    {std::int64_t{1} << 62, std::int64_t{1} << 62},
                                    {(std::int64_t{1} << 62) + 1, (std::int64_t{1} << 62) + 1},
                                    {kMost, kMost}});
  expect(Buckets::multiples_of(32), {{0, 0}, {1, 32}, {32, 32}, {33, 64}, {kMost, kMost}});
  expect(Buckets::multiples_of(1), {{7, 7}});
  expect(Buckets::list({2, 4, 7}), {{0, 0}, {1, 2}, {2, 2}, {3, 4}, {5, 7}, {7, 7}, {8, 8}});
}

TEST(BucketsTest, RoundingNeverShrinksAndIsDoneAtOnce) {
  for (const char* text : {"none", "pow2", "multiples:12", "list:3,5,40"}) {
    const Buckets buckets = Buckets::parse(text);
    std::int64_t last = 0;
    for (std::int64_t extent = 0; extent < 100; ++extent) {
      const std::int64_t bucket = buckets.round_up(extent);
      EXPECT_GE(bucket, extent);
      EXPECT_GE(bucket, last) << "monotonic";
      EXPECT_EQ(buckets.round_up(bucket), bucket);
      last = bucket;
    }
  }
}

}  // namespace
}  // namespace replayrt
