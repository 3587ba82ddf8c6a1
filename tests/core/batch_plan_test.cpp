#include "core/batch_plan.hpp"

#include <limits>

#include "core/expect_error.hpp"

namespace replayrt::detail {
namespace {

TEST(BatchPlanTest, CoversEveryRowOnceWithinTheLimits) {
  for (std::int64_t max = 1; max <= 5; ++max) {
    for (std::int64_t min = 1; min <= max; ++min) {
      for (std::int64_t rows = 0; rows <= 12; ++rows) {
        const BatchPlan plan(rows, {min, max});
        std::int64_t next = 0;
        for (std::int64_t i = 0; i < plan.chunk_count(); ++i) {
          const auto chunk = plan.chunk(i);
          EXPECT_EQ(chunk.begin, next);
          EXPECT_GE(chunk.padded_rows(), min);
          EXPECT_LE(chunk.padded_rows(), max);
          EXPECT_TRUE(chunk.padding == 0 || i + 1 == plan.chunk_count())
              << "only the last chunk is padded";
          EXPECT_TRUE(chunk.padding == 0 || chunk.padded_rows() == min)
              << "no more padding than needed";
          next += chunk.rows;
        }
        EXPECT_EQ(next, rows);
        EXPECT_EQ(plan.chunk_count(), rows == 0 ? 1 : (rows + max - 1) / max);
      }
    }
  }
}

TEST(BatchPlanTest, ImpossibleLimitsAreRefused) {
  for (const BatchLimits limits : {BatchLimits{0, 1}, BatchLimits{-1, 4}, BatchLimits{3, 2}}) {
    expect_error(ErrorCode::kInvalidParameter,
                 {"min " + std::to_string(limits.min), "1 <= min <= max"},
                 [&] { BatchPlan(1, limits); });
  }
}

TEST(BatchPlanTest, HugeBatchesDoNotOverflow) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const BatchPlan plan(kMax, {1, kMax - 1});
  EXPECT_EQ(plan.chunk_count(), 2);
  EXPECT_EQ(plan.chunk(1).begin, kMax - 1);
  EXPECT_EQ(plan.chunk(1).rows, 1);
}

}  // namespace
}  // namespace replayrt::detail
