#include "reading_order.hpp"

#include <gmock/gmock.h>

namespace ocr {
namespace {

using testing::ElementsAre;

Quad box_at(float x, float y) {
  return {cv::Point2f{x, y}, {x + 50, y}, {x + 50, y + 10}, {x, y + 10}};
}

TEST(SortBoxes, ReadsFromTopToBottomAndFromLeftToRight) {
  std::vector<Quad> boxes{box_at(200, 104), box_at(10, 50), box_at(10, 100), box_at(90, 109)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes,
              ElementsAre(box_at(10, 50), box_at(10, 100), box_at(90, 109), box_at(200, 104)));
}

TEST(SortBoxes, StartsANewLineTenPixelsLower) {
  std::vector<Quad> boxes{box_at(200, 100), box_at(10, 110)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes, ElementsAre(box_at(200, 100), box_at(10, 110)));
  boxes = {box_at(200, 100), box_at(10, 109)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes, ElementsAre(box_at(10, 109), box_at(200, 100)));
}

TEST(SortBoxes, ComparesNeighboursOnly) {
  // Each starts less than ten pixels below the one before: one slanted line, read from the left.
  std::vector<Quad> boxes{box_at(300, 100), box_at(200, 109), box_at(100, 118), box_at(0, 127)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes,
              ElementsAre(box_at(0, 127), box_at(100, 118), box_at(200, 109), box_at(300, 100)));
}

TEST(SortBoxes, TakesNoneAndOne) {
  std::vector<Quad> boxes;
  sort_boxes(boxes);
  EXPECT_TRUE(boxes.empty());
  boxes = {box_at(1, 2)};
  sort_boxes(boxes);
  EXPECT_THAT(boxes, ElementsAre(box_at(1, 2)));
}

}  // namespace
}  // namespace ocr
