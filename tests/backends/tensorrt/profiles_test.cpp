#include "backends/tensorrt/profiles.hpp"

#include "backends/tensorrt/support.hpp"

namespace replayrt::tensorrt {
namespace {

/// One input "x" of shape rows x 7.
std::shared_ptr<ProfileBook> book(const std::vector<DimensionRange>& rows, bool shared) {
  std::vector<Profile> profiles;
  for (const DimensionRange& range : rows) {
    profiles.push_back({{range, DimensionRange::fixed(7)}});
  }
  return std::make_shared<ProfileBook>(std::vector<TensorSpec>{{"x"}}, std::move(profiles), shared);
}

InputSignature rows(std::int64_t count) {
  return {{DType::kF32, Shape{count, 7}}};
}

TEST(ProfileBookTest, TheClosestToWhatItWasTunedForIsChosen) {
  const auto profiles = book({{1, 64, 32}, {1, 64, 2}, {8, 8, 8}}, true);
  EXPECT_EQ(profiles->hold_for_graph(rows(1)).index(), 1);
  EXPECT_EQ(profiles->hold_for_graph(rows(8)).index(), 2);
  EXPECT_EQ(profiles->hold_for_graph(rows(30)).index(), 0);
}

TEST(ProfileBookTest, ShapesInNoProfileAreRefusedWithAllRanges) {
  const auto profiles = book({{1, 4, 2}, {16, 32, 16}}, true);
  for (const std::int64_t count : {0, 5, 33}) {
    expect_error(
        ErrorCode::kModelInput,
        {"f32 " + std::to_string(count) + "x7", "profile 0: x 1..4x7", "profile 1: x 16..32x7"},
        [&] { profiles->hold_for_graph(rows(count)); });
    expect_error(ErrorCode::kModelInput, {"profile 1"},
                 [&] { profiles->move_eager(rows(count), {}); });
  }
}

TEST(ProfileBookTest, SharedProfilesAreNeverUsedUp) {
  const auto profiles = book({{1, 64, 4}}, true);
  const auto first = profiles->hold_for_graph(rows(1));
  const auto second = profiles->hold_for_graph(rows(1));
  EXPECT_EQ(first.index(), second.index());
  EXPECT_EQ(profiles->move_eager(rows(1), {})->index(), 0);
}

TEST(ProfileBookTest, EveryGraphTakesAProfileAndOneStaysForEagerRuns) {
  const auto profiles = book({{1, 64, 4}, {1, 64, 4}, {1, 64, 4}}, false);
  const auto eager = profiles->move_eager(rows(1), {});
  auto first = profiles->hold_for_graph(rows(1));
  const auto second = profiles->hold_for_graph(rows(1));
  EXPECT_NE(first.index(), second.index());
  EXPECT_NE(first.index(), eager->index());
  try {
    profiles->hold_for_graph(rows(1));
    FAIL() << "the profile of the eager context was given away";
  } catch (const CaptureRefused& refused) {
    EXPECT_EQ(refused.reason(), Reason::kNoFreeProfile);
  }
  const std::int32_t freed = first.index();
  first = {};  // The graph was evicted.
  EXPECT_EQ(profiles->hold_for_graph(rows(1)).index(), freed);
}

TEST(ProfileBookTest, AGraphTakesNoProfileThatNoOtherCovers) {
  const auto profiles = book({{1, 4, 2}, {1, 64, 32}}, false);
  EXPECT_EQ(profiles->hold_for_graph(rows(2)).index(), 0) << "profile 1 serves all eager runs";
  EXPECT_THROW(profiles->hold_for_graph(rows(32)), CaptureRefused);
}

TEST(ProfileBookTest, AnEagerContextStaysOrMoves) {
  const auto profiles = book({{1, 4, 2}, {1, 64, 32}}, false);
  auto held = profiles->move_eager(rows(2), {});
  ASSERT_EQ(held->index(), 0);
  EXPECT_FALSE(profiles->move_eager(rows(2), *held).has_value());
  const auto moved = profiles->move_eager(rows(20), *held);
  ASSERT_EQ(moved->index(), 1);
  EXPECT_FALSE(profiles->move_eager(rows(2), *moved).has_value()) << "profile 0 is still held";
  held.reset();
  EXPECT_EQ(profiles->move_eager(rows(2), *moved)->index(), 0);
}

TEST(ProfileBookTest, AllInUseIsAnError) {
  const auto profiles = book({{1, 4, 2}}, false);
  const auto held = profiles->move_eager(rows(2), {});
  expect_error(ErrorCode::kModelRuntime, {"in use"}, [&] { profiles->move_eager(rows(2), {}); });
}

}  // namespace
}  // namespace replayrt::tensorrt
