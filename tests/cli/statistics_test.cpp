#include "statistics.hpp"

#include <gtest/gtest.h>

namespace replayrt::cli {
namespace {

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoMiddleValues) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({7}), 7);
  EXPECT_EQ(median({}), 0);
}

// Expected values by numpy.percentile.
TEST(Percentile, InterpolatesAsNumpyDoes) {
  std::vector<double> values;
  for (int i = 100; i >= 1; --i) {
    values.push_back(i);
  }
  EXPECT_DOUBLE_EQ(percentile(values, 0.99), 99.01);
  EXPECT_DOUBLE_EQ(percentile(values, 0.5), 50.5);
  EXPECT_DOUBLE_EQ(percentile({1, 2, 4}, 0.99), 3.96);
  EXPECT_EQ(percentile(values, 0), 1);
  EXPECT_EQ(percentile(values, 1), 100);
  EXPECT_EQ(percentile(values, 2), 100);
}

TEST(Summarize, GivesAllFigures) {
  const Summary summary = summarize({4, 1, 1});
  EXPECT_EQ(summary.count, 3U);
  EXPECT_EQ(summary.total, 6);
  EXPECT_EQ(summary.mean, 2);
  EXPECT_EQ(summary.median, 1);
  EXPECT_DOUBLE_EQ(summary.p99, 3.94);
  EXPECT_EQ(summarize({}).count, 0U);
}

}  // namespace
}  // namespace replayrt::cli
