#include "doctor_simulation.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/admission.hpp"
#include "core/usage.hpp"

namespace replayrt::cli {
namespace {

static_assert(simulated_rule::kCaptureAllowance == detail::kCaptureAllowance);
static_assert(simulated_rule::kWorthMargin == detail::kWorthMargin);
static_assert(simulated_rule::kFasterRatio == detail::kFasterRatio);
static_assert(simulated_rule::kHalfLife == detail::kWorthHalfLife);

/// Eager 1 s, replay 0.5 s, 3 s for the call that captures: pays after 4 replays.
constexpr ShapeCost kShape{.eager = 1, .replay = 0.5, .capture = 3, .bytes = 100};

using Calls = std::vector<std::size_t>;

GraphCacheOptions options(std::int64_t capacity, Admission admission = Admission::always()) {
  GraphCacheOptions options;
  options.capacity = capacity;
  options.admission = admission;
  return options;
}

Calls repeated(const Calls& calls, int times) {
  Calls all;
  for (int i = 0; i < times; ++i) {
    all.insert(all.end(), calls.begin(), calls.end());
  }
  return all;
}

TEST(Price, IsWhatACaptureTakesLongerThanAnEagerCall) {
  EXPECT_EQ(capture_price(kShape), 2);
  EXPECT_EQ(saving(kShape), 0.5);
  EXPECT_EQ(capture_price({.eager = 4, .replay = 1, .capture = 3}), 0);
}

TEST(Simulate, WithoutACacheAllIsEager) {
  const TraceCost cost = simulate(std::vector{kShape}, Calls{0, 0, 0}, options(0));
  EXPECT_EQ(cost.seconds, 3);
  EXPECT_EQ(cost.eager, 3);
  EXPECT_EQ(cost.captures + cost.replays, 0);
}

TEST(Simulate, AlwaysCapturesAtTheFirstCall) {
  const TraceCost cost = simulate(std::vector{kShape}, Calls{0, 0, 0}, options(1));
  EXPECT_EQ(cost.seconds, 3 + 2 * 0.5);
  EXPECT_EQ(cost.captures, 1);
  EXPECT_EQ(cost.replays, 2);
}

TEST(Simulate, WhatCannotBeCapturedIsEager) {
  ShapeCost shape = kShape;
  shape.capturable = false;
  EXPECT_EQ(simulate(std::vector{shape}, Calls{0, 0}, options(1)).eager, 2);
  GraphCacheOptions tight = options(1);
  tight.max_bytes = 99;
  EXPECT_EQ(simulate(std::vector{kShape}, Calls{0, 0}, tight).eager, 2);
}

TEST(Simulate, LruGivesUpTheLeastRecentlyUsed) {
  const std::vector<ShapeCost> shapes(3, kShape);
  // 0 is used again, so 1 goes for 2.
  const TraceCost cost = simulate(shapes, Calls{0, 1, 0, 2, 0, 1}, options(2));
  EXPECT_EQ(cost.evictions, 2);  // 1 for 2, then 2 for 1.
  EXPECT_EQ(cost.captures, 4);
  EXPECT_EQ(cost.replays, 2);
  GraphCacheOptions bytes = options(9);
  bytes.max_bytes = 200;
  EXPECT_EQ(simulate(shapes, Calls{0, 1, 0, 2, 0, 1}, bytes).evictions, 2);
  EXPECT_EQ(simulate(shapes, Calls{0, 1, 0, 2, 0, 1}, options(3)).evictions, 0);
}

TEST(Simulate, OneLargeGraphMayPushOutSeveral) {
  std::vector<ShapeCost> shapes(3, kShape);
  shapes[2].bytes = 200;
  GraphCacheOptions bytes = options(9);
  bytes.max_bytes = 200;
  EXPECT_EQ(simulate(shapes, Calls{0, 1, 2}, bytes).evictions, 2);
}

TEST(Simulate, CostAwareKeepsWhatSavesMostPerByte) {
  std::vector<ShapeCost> shapes(3, kShape);
  shapes[0].replay = 0.01;
  GraphCacheOptions lru = options(2);
  GraphCacheOptions cost_aware = lru;
  cost_aware.eviction = Eviction::kCostAware;
  const Calls calls = repeated({0, 1, 2}, 50);
  EXPECT_EQ(simulate(shapes, calls, lru).replays, 0);
  const TraceCost cost = simulate(shapes, calls, cost_aware);
  EXPECT_GE(cost.replays, 49);
  EXPECT_LT(cost.seconds, simulate(shapes, calls, lru).seconds);
}

TEST(Simulate, PaysBackWaitsUntilTheRentHasPaidAndWithinItsAllowance) {
  const GraphCacheOptions pays_back = options(1, Admission::pays_back());
  // The rent is paid after 4 calls, but 4 % of the eager time is 2 s after 50.
  EXPECT_EQ(simulate(std::vector{kShape}, Calls(49), pays_back).captures, 0);
  const TraceCost cost = simulate(std::vector{kShape}, Calls(60), pays_back);
  EXPECT_EQ(cost.captures, 1);
  EXPECT_EQ(cost.eager, 50);
  EXPECT_EQ(cost.replays, 9);
  // Not set is the same.
  GraphCacheOptions unset = pays_back;
  unset.admission.reset();
  EXPECT_EQ(simulate(std::vector{kShape}, Calls(60), unset).captures, 1);
}

TEST(Simulate, PaysBackNeverCapturesWhatGainsNothing) {
  ShapeCost slow = kShape;
  slow.replay = 0.995;
  const auto captures = [&](Admission admission) {
    return simulate(std::vector{slow}, Calls(5000), options(1, admission)).captures;
  };
  EXPECT_EQ(captures(Admission::pays_back()), 0);
  EXPECT_EQ(captures(Admission::always()), 1);
}

TEST(Simulate, PaysBackDoesNotPushOutWhatIsWorthAsMuch) {
  const std::vector<ShapeCost> shapes(2, kShape);
  const TraceCost cost =
      simulate(shapes, repeated({0, 1}, 1000), options(1, Admission::pays_back()));
  EXPECT_EQ(cost.captures, 1);
  EXPECT_EQ(cost.evictions, 0);
}

TEST(Simulate, EveryCallIsServedOnce) {
  const std::vector<ShapeCost> shapes(5, kShape);
  for (const Admission admission : {Admission::always(), Admission::pays_back()}) {
    const TraceCost cost =
        simulate(shapes, repeated({0, 1, 0, 2, 3, 0, 4}, 100), options(2, admission));
    EXPECT_EQ(cost.eager + cost.captures + cost.replays, 700);
    EXPECT_NEAR(cost.seconds,
                static_cast<double>(cost.eager) + 3.0 * static_cast<double>(cost.captures) +
                    0.5 * static_cast<double>(cost.replays),
                1e-6);
  }
}

}  // namespace
}  // namespace replayrt::cli
