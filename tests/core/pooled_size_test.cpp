#include "core/pooled_size.hpp"

#include <gtest/gtest.h>

namespace replayrt::detail {
namespace {

TEST(PooledSize, BlocksGrowInStepsOfAnEighth) {
  EXPECT_EQ(pooled_bytes(0, 64), 64U);
  EXPECT_EQ(pooled_bytes(65, 64), 128U);
  EXPECT_EQ(pooled_bytes(4096, 64), 4096U);
  EXPECT_EQ(pooled_bytes(4097, 64), 4096U + 512U);
  EXPECT_EQ(pooled_bytes(4097, 1024), 4096U + 1024U);
}

TEST(PooledSize, ABlockFitsIfItWastesAQuarterAtMost) {
  EXPECT_FALSE(fits_well(999, 1000, 64));
  EXPECT_TRUE(fits_well(1000, 1000, 64));
  EXPECT_TRUE(fits_well(1314, 1000, 64));
  EXPECT_FALSE(fits_well(1315, 1000, 64));
  EXPECT_TRUE(fits_well(64, 0, 64));
}

}  // namespace
}  // namespace replayrt::detail
