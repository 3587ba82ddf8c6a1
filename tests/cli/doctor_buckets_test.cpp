#include "doctor_buckets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "doctor_cases.hpp"
#include "doctor_line.hpp"

namespace replayrt::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST(Advise, BucketsAreProposedWhereTheyPay) {
  // 40 widths of 8 calls: none pays alone, ten buckets of 32 calls do.
  std::vector<ShapeFigures> shapes;
  for (std::int64_t i = 0; i < 40; ++i) {
    shapes.push_back(line(1000 + i, 0.5));
  }
  DoctorFigures figures = trace_of(shapes, std::vector<std::int64_t>(40, 2));
  for (ShapeFigures& shape : figures.shapes) {
    shape.capture = 0.2 + shape.eager[0];
  }
  const Advice advice = advise(figures);
  EXPECT_EQ(advice.cache.capacity, 0);
  ASSERT_THAT(advice.buckets, SizeIs(1));
  const BucketAdvice& bucket = advice.buckets[0];
  EXPECT_EQ(bucket.extents, 40U);
  EXPECT_EQ(bucket.shapes, 8U);
  EXPECT_TRUE(bucket.worth_it);
  EXPECT_GT(bucket.proposal.waste(), 0);
  EXPECT_LT(bucket.proposal.waste(), 0.01);
  EXPECT_LE(bucket.cost.captures, 8);
  EXPECT_LT(bucket.cost.seconds, 0.99 * advice.trace->eager.seconds);
  EXPECT_THAT(words_of(figures), testing::AllOf(HasSubstr("Padding may change answers"),
                                                HasSubstr("8 shapes in place of 40")));
}

TEST(Advise, BucketsThatPadTooMuchAreToldToBeNoGain) {
  const DoctorFigures figures = trace_of({line(100), line(1000), line(2000)}, {2000, 2000, 2000});
  const Advice advice = advise(figures);
  ASSERT_THAT(advice.buckets, SizeIs(1));
  EXPECT_FALSE(advice.buckets[0].worth_it);
  EXPECT_THAT(words_of(figures), testing::AllOf(HasSubstr("no buckets (list:2000"),
                                                Not(HasSubstr("Padding may change answers"))));
}

TEST(Advise, BucketsKeepToTheirNumberAndTheBudget) {
  std::vector<ShapeFigures> shapes;
  for (std::int64_t i = 0; i < 12; ++i) {
    shapes.push_back(line(100 * (i + 1)));
  }
  DoctorFigures figures = trace_of(shapes, std::vector<std::int64_t>(12, 50));
  EXPECT_THAT(advise(figures).buckets[0].proposal.buckets.extents(), SizeIs(6));
  figures.max_buckets = 4;
  EXPECT_THAT(advise(figures).buckets[0].proposal.buckets.extents(), SizeIs(4));
  figures.max_bytes = 45 * kMiB;
  EXPECT_THAT(advise(figures).buckets[0].proposal.buckets.extents(), SizeIs(2));
  figures.max_bytes = kMiB;
  EXPECT_TRUE(advise(figures).buckets[0].proposal.buckets.is_none());
  EXPECT_THAT(words_of(figures), HasSubstr("not even one graph"));
}

TEST(Advise, TwoExtentsNeedNoBuckets) {
  EXPECT_THAT(advise(trace_of({line(320), line(480)}, {9, 9})).buckets, IsEmpty());
}

TEST(Advise, ThousandsOfExtentsAreRounded) {
  std::vector<ShapeFigures> shapes;
  for (std::int64_t i = 0; i < 1500; ++i) {
    shapes.push_back(line(101 + i));
  }
  const Advice advice = advise(trace_of(shapes, std::vector<std::int64_t>(1500, 1)));
  ASSERT_THAT(advice.buckets, SizeIs(1));
  EXPECT_LE(advice.buckets[0].extents, 256U);
  EXPECT_EQ(advice.buckets[0].proposal.buckets.extents().back(), 1600);
}

TEST(FitLine, IsOfLeastSquaresAndNeverNegative) {
  const auto fit = [](std::initializer_list<Point> points, bool proportional) {
    const Line line = fit_line(std::vector<Point>(points), proportional);
    return std::pair(line.base, line.slope);
  };
  EXPECT_EQ(fit({}, true), std::pair(0.0, 0.0));
  EXPECT_EQ(fit({{2, 6}}, true), std::pair(0.0, 3.0));
  EXPECT_EQ(fit({{2, 6}}, false), std::pair(6.0, 0.0));
  EXPECT_EQ(fit({{1, 3}, {2, 5}, {3, 7}}, true), std::pair(1.0, 2.0));
  EXPECT_EQ(fit({{1, 3}, {3, 1}}, true), std::pair(2.0, 0.0));   // Falls: level.
  EXPECT_EQ(fit({{1, 0}, {3, 4}}, false), std::pair(0.0, 1.0));  // Begins below 0: through 0.
}

}  // namespace
}  // namespace replayrt::cli
