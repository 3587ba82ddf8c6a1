#include "models/preprocess/text_size.hpp"

#include <gtest/gtest.h>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

using Limit = TextDetectionConfig::LimitType;

ImageSize page(ImageSize image, Limit type = Limit::kMin, std::int64_t limit = 736) {
  TextDetectionConfig config;
  config.limit_type = type;
  config.limit_side_len = limit;
  return text_page_size(config, image, "image 3");
}

TEST(TextPageSizeTest, TheShorterSideIsEnlargedToTheLimit) {
  EXPECT_EQ(page({191, 384}), (ImageSize{736, 1472}));
  EXPECT_EQ(page({512, 512}), (ImageSize{736, 736}));
  EXPECT_EQ(page({800, 1000}), (ImageSize{800, 992})) << "large enough: rounded only";
  EXPECT_EQ(page({1040, 1008}), (ImageSize{1024, 1024})) << "32.5 and 31.5 steps go to even";
}

TEST(TextPageSizeTest, TheLongerSideIsReducedToTheLimit) {
  EXPECT_EQ(page({500, 1000}, Limit::kMax, 480), (ImageSize{256, 480}));
  EXPECT_EQ(page({100, 200}, Limit::kMax, 480), (ImageSize{96, 192}));
}

TEST(TextPageSizeTest, OtherLimitsAreTheLongerSide) {
  EXPECT_EQ(page({100, 200}, Limit::kExactly, 640), (ImageSize{320, 640}));
  EXPECT_EQ(page({1000, 2000}, Limit::kExactly, 640), (ImageSize{320, 640}));
}

TEST(TextPageSizeTest, NoSideIsShorterThanAStep) {
  EXPECT_EQ(page({1, 5000}, Limit::kMax, 640), (ImageSize{32, 640}));
  EXPECT_EQ(page({1, 1}, Limit::kMax, 640), (ImageSize{32, 32}));
}

TEST(TextPageSizeTest, IsBounded) {
  EXPECT_EQ(page({4096, 4096}), (ImageSize{4096, 4096}));
  expect_error(ErrorCode::kModelInput,
               {"image 3 is 1 x 10000", "736 x 7360000", "at most 16777216 pixels"}, [] {
                 page({1, 10000});
               });
  expect_error(ErrorCode::kModelInput, {"4128 x 4096"}, [] { page({4128, 4096}); });
}

TEST(TextLineWidthTest, IsThatOfTheWidest) {
  const std::vector<ImageSize> images = {{24, 100}, {31, 553}, {50, 20}};
  EXPECT_EQ(text_line_width(images, {48, 320}), 857) << "856.26, rounded up";
  EXPECT_EQ(text_line_width(std::span(images).first(1), {48, 320}), 320);
  EXPECT_EQ(text_line_width(std::span(images).first(1), {48, 100}), 200);
}

TEST(TextLineWidthTest, IsBounded) {
  const std::vector<ImageSize> images = {{1, 134'217'727}};
  EXPECT_EQ(text_line_width(images, {48, 320}), 3200);
}

TEST(TextLineTest, LiesOnTheLeftAsWideAsItsRatioSays) {
  const Placement line = place_text_line({31, 101}, {48, 320});
  EXPECT_EQ(line.canvas, (ImageSize{48, 320}));
  EXPECT_EQ(line.source, (Region{.size = {31, 101}}));
  EXPECT_EQ(line.target, (Region{.size = {48, 157}})) << "156.4, rounded up";
  EXPECT_EQ(place_text_line({24, 1000}, {48, 320}).target.size, (ImageSize{48, 320}));
  EXPECT_EQ(place_text_line({400, 1}, {48, 320}).target.size, (ImageSize{48, 1}));
}

}  // namespace
}  // namespace replayrt::models
