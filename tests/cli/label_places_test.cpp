#include "label_places.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace replayrt::cli {
namespace {

const cv::Size kField(20, 10);

TEST(LabelPlacesTest, FieldsAreMovedIntoThePageAsFarAsTheyFit) {
  const LabelPlaces places({100, 50});
  EXPECT_EQ(places.on_page(kField, {5, 6}), cv::Rect(5, 6, 20, 10));
  EXPECT_EQ(places.on_page(kField, {-5, -6}), cv::Rect(0, 0, 20, 10));
  EXPECT_EQ(places.on_page(kField, {95, 45}), cv::Rect(80, 40, 20, 10));
  EXPECT_EQ(places.on_page({300, 200}, {5, 6}), cv::Rect(0, 0, 300, 200));
}

TEST(LabelPlacesTest, TheFirstFreePlaceIsTaken) {
  LabelPlaces places({100, 50});
  const std::array<cv::Point, 3> corners = {cv::Point(0, 0), cv::Point(10, 5), cv::Point(20, 0)};
  EXPECT_EQ(places.find(kField, corners), cv::Rect(0, 0, 20, 10));
  EXPECT_EQ(places.find(kField, corners), cv::Rect(20, 0, 20, 10)) << "they may touch";
  EXPECT_EQ(places.find(kField, corners), std::nullopt);
  EXPECT_EQ(places.find(kField, {}), std::nullopt);
  LabelPlaces around({100, 50});
  around.take({20, 10, 20, 10});
  for (const cv::Point corner :
       {cv::Point(0, 10), cv::Point(40, 10), cv::Point(20, 0), cv::Point(20, 20)}) {
    EXPECT_TRUE(around.find(kField, std::array{corner})) << corner.x << ", " << corner.y;
  }
}

TEST(LabelPlacesTest, WhatIsToBeSeenIsNotHidden) {
  LabelPlaces places({100, 50});
  places.take({0, 9, 1, 1});
  const std::array<cv::Point, 2> corners = {cv::Point(0, 0), cv::Point(1, 0)};
  EXPECT_EQ(places.find(kField, corners), cv::Rect(1, 0, 20, 10));
}

TEST(LabelPlacesTest, APlaceThatIsMovedMayBeTakenThen) {
  LabelPlaces places({100, 50});
  const std::array<cv::Point, 1> corner = {cv::Point(0, -100)};
  EXPECT_EQ(places.find(kField, corner), cv::Rect(0, 0, 20, 10));
  EXPECT_EQ(places.find(kField, corner), std::nullopt);
}

}  // namespace
}  // namespace replayrt::cli
