#include "models/postprocess/plane_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace replayrt::models {
namespace {

// Two planes of 3 x 5.
const std::vector<float> kValues = {0, 10, 40, 90, 160, 5, 25, 65, 125, 205, 100, 50, 0, 50, 100,
                                    1, 0,  0,  0,  0,   0, 0,  0,  0,   1,   0,   1,  0, 1,  0};
const Planes kPlanes{kValues, 2, {3, 5}};
constexpr Region kWhole{0, 0, {3, 5}};

/// All rows of one plane, one after the other.
std::vector<float> resized(const Region& part, ImageSize size, std::size_t plane, float fill = 0) {
  PlaneRows rows(kPlanes, part, fill, size);
  std::vector<float> all;
  const auto width = static_cast<std::size_t>(size.width);
  for (std::int64_t y = 0; y < size.height; ++y) {
    const std::span<const float> row = rows.next();
    EXPECT_EQ(row.size(), 2 * width);
    all.insert(all.end(), row.begin() + static_cast<std::ptrdiff_t>(plane * width),
               row.begin() + static_cast<std::ptrdiff_t>((plane + 1) * width));
  }
  return all;
}

void expect_near(const std::vector<float>& actual, const std::vector<float>& expected) {
  EXPECT_THAT(actual, testing::Pointwise(testing::FloatNear(2e-5F), expected));
}

// Of torchvision 0.26's resize(planes, size).
TEST(PlaneRowsTest, SmallerPlanesAreTorchvisions) {
  expect_near(resized(kWhole, {2, 3}, 0),
              {7.767857F, 53.81945F, 145.26785F, 54.196434F, 39.930557F, 113.125F});
  expect_near(resized(kWhole, {2, 3}, 1),
              {0.35714287F, 0, 0.2142857F, 0.26785713F, 0.27777776F, 0.4821429F});
  expect_near(resized(kWhole, {1, 1}, 0), {66.35338F});
  expect_near(resized(kWhole, {1, 1}, 1), {0.23308268F});
}

TEST(PlaneRowsTest, HigherAndNarrowerOnesAre) {
  expect_near(resized(kWhole, {5, 2}, 0),
              {17.272728F, 97.27272F, 23.272728F, 111.27272F, 32.272728F, 132.27272F, 45.636372F,
               85.636345F, 54.54546F, 54.545452F});
}

TEST(PlaneRowsTest, LargerOnesAre) {
  expect_near(
      resized(kWhole, {4, 8}, 0),
      {0,       4.375F,     11.875F,    30.625F,    55.625F,    86.875F,     129.375F,    160,
       3.125F,  10.234375F, 21.640625F, 44.296875F, 73.203125F, 108.359375F, 154.765625F, 188.125F,
       40.625F, 37.890625F, 34.765625F, 38.671875F, 58.203125F, 93.359375F,  135.546875F, 165.625F,
       100,     78.125F,    46.875F,    15.625F,    15.625F,    46.875F,     78.125F,     100});
}

TEST(PlaneRowsTest, PlanesOfTheSameSizeAreWhatTheyWere) {
  EXPECT_THAT(resized(kWhole, {3, 5}, 0), testing::ElementsAreArray(kValues.data(), 15));
  EXPECT_THAT(resized(kWhole, {3, 5}, 1), testing::ElementsAreArray(kValues.data() + 15, 15));
}

TEST(PlaneRowsTest, NeighboursOfAnEqualSizeDoNotTouchEachOther) {
  const std::vector<float> values = {1, std::numeric_limits<float>::infinity(), 2};
  PlaneRows rows({values, 1, {1, 3}}, {0, 0, {1, 3}}, 0, {1, 3});
  EXPECT_THAT(rows.next(), testing::ElementsAreArray(values));
}

TEST(PlaneRowsTest, APartIsResizedAlone) {
  const std::vector<float> part = {65, 125, 0, 50};  // Columns 2 and 3 of rows 1 and 2.
  EXPECT_EQ(resized({2, 1, {2, 2}}, {2, 2}, 0), part);
  PlaneRows alone({part, 1, {2, 2}}, {0, 0, {2, 2}}, 0, {5, 7});
  std::vector<float> expected;
  for (int y = 0; y < 5; ++y) {
    const std::span<const float> row = alone.next();
    expected.insert(expected.end(), row.begin(), row.end());
  }
  EXPECT_EQ(resized({2, 1, {2, 2}}, {5, 7}, 0), expected);
}

TEST(PlaneRowsTest, WhatLiesBeyondThePlanesIsFilled) {
  EXPECT_THAT(resized({-2, -1, {3, 4}}, {3, 4}, 0, 7),
              testing::ElementsAre(7, 7, 7, 7, 7, 7, 0, 10, 7, 7, 5, 25));
  EXPECT_THAT(resized({4, 2, {2, 2}}, {2, 2}, 0, 7), testing::ElementsAre(100, 7, 7, 7));
  EXPECT_THAT(resized({6, 0, {1, 2}}, {1, 2}, 1, 7), testing::ElementsAre(7, 7));
}

}  // namespace
}  // namespace replayrt::models
