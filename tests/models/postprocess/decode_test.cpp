#include "models/postprocess/decode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/expect_error.hpp"

namespace replayrt::models {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

using Rows = std::vector<std::vector<float>>;

Tensor tensor_of(const std::vector<float>& values, const Shape& shape) {
  return Tensor::copy_of(view_of(std::span<const float>(values), shape));
}

/// One image of rows.
HeadOutput rows_of(const Rows& rows, std::string name = "output0") {
  std::vector<float> values;
  for (const auto& row : rows) {
    values.insert(values.end(), row.begin(), row.end());
  }
  const auto columns = static_cast<std::int64_t>(rows.empty() ? 6 : rows[0].size());
  return {tensor_of(values, Shape{1, static_cast<std::int64_t>(rows.size()), columns}),
          std::move(name)};
}

/// The same, channels first.
HeadOutput columns_of(const Rows& rows) {
  std::vector<float> values;
  for (std::size_t c = 0; c < rows[0].size(); ++c) {
    for (const auto& row : rows) {
      values.push_back(row[c]);
    }
  }
  return {tensor_of(values, Shape{1, static_cast<std::int64_t>(rows[0].size()),
                                  static_cast<std::int64_t>(rows.size())}),
          "output0"};
}

DetectionSettings settings(float threshold) {
  return {.threshold = Threshold(threshold), .iou_threshold = 0.3F, .max_detections = 300};
}

void expect_box(const Candidate& found, const std::array<float, 4>& sides, std::int32_t class_id,
                float confidence) {
  EXPECT_FLOAT_EQ(found.left, sides[0]);
  EXPECT_FLOAT_EQ(found.top, sides[1]);
  EXPECT_FLOAT_EQ(found.right, sides[2]);
  EXPECT_FLOAT_EQ(found.bottom, sides[3]);
  EXPECT_EQ(found.class_id, class_id);
  EXPECT_NEAR(found.confidence, confidence, 1e-6);
}

// The reference's own vector: spec, section 4.4.
const Rows kRows = {{100, 100, 40, 40, 0.9F, 0, 0},
                    {102, 100, 40, 40, 0.8F, 0, 0},
                    {102, 100, 40, 40, 0, 0.85F, 0},
                    {300, 300, 20, 60, 0, 0, 0.4F}};

TEST(DecodeChannelsFirstTest, TheBestClassCounts) {
  const auto found = decode_channels_first(columns_of(kRows), 0, settings(0.3F));
  ASSERT_EQ(found.size(), 3U);
  expect_box(found[0], {80, 80, 120, 120}, 0, 0.9F);
  expect_box(found[1], {82, 80, 122, 120}, 1, 0.85F);
  expect_box(found[2], {290, 270, 310, 330}, 2, 0.4F);
  EXPECT_EQ(found[2].row, 3);
}

TEST(DecodeChannelsFirstTest, SettingsDecideWhatStays) {
  const HeadOutput output = columns_of(kRows);
  EXPECT_EQ(decode_channels_first(output, 0, settings(0.4F)).size(), 2U);
  DetectionSettings other = settings(0.3F);
  other.class_agnostic = true;
  EXPECT_EQ(decode_channels_first(output, 0, other).size(), 2U);
  other.iou_threshold = 0.95F;
  EXPECT_EQ(decode_channels_first(output, 0, other).size(), 3U);
  other.max_detections = 1;
  EXPECT_EQ(decode_channels_first(output, 0, other).size(), 1U);
  other = settings(0);
  other.threshold = Threshold({0.95F, 0.2F, 0.3F}, 0.5F);
  EXPECT_EQ(decode_channels_first(output, 0, other).size(), 2U);
}

TEST(DecodeChannelsFirstTest, EveryRowOfALongOutputIsLookedAt) {
  Rows rows(1500, {0, 0, 10, 10, 0.1F, 0.2F});
  for (const std::size_t row : {0, 511, 512, 1499}) {
    rows[row] = {static_cast<float>(row) * 20, 5, 10, 10, 0.1F, 0.5F};
  }
  const auto found = decode_channels_first(columns_of(rows), 0, settings(0.4F));
  std::vector<std::int64_t> places;
  for (const Candidate& candidate : found) {
    places.push_back(candidate.row);
    EXPECT_EQ(candidate.class_id, 1);
  }
  EXPECT_THAT(places, ElementsAre(0, 511, 512, 1499));
}

TEST(DecodeChannelsFirstTest, RowsThatAreNoNumbersAreLeftOut) {
  Rows rows = kRows;
  rows[0][0] = NAN;
  rows[3][5] = NAN;
  const auto found = decode_channels_first(columns_of(rows), 0, settings(0.3F));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].class_id, 1);
  EXPECT_EQ(found[1].class_id, 0);
}

TEST(DecodeChannelsFirstTest, OtherNumbersAreNoScores) {
  const HeadOutput output = columns_of({{10, 10, 4, 4, 0.5F, 0.6F, 9, -9}});
  const auto found = decode_channels_first(output, 0, settings(0.3F), 2);
  ASSERT_EQ(found.size(), 1U);
  expect_box(found[0], {8, 8, 12, 12}, 1, 0.6F);
  EXPECT_EQ(decode_channels_first(output, 0, settings(0.3F)).at(0).class_id, 2);
  expect_error(ErrorCode::kCorruptedModel, {"images x (4 + classes + 4) x rows"},
               [&] { (void)decode_channels_first(output, 0, settings(0.3F), 4); });
}

TEST(DecodeObjectnessTest, OtherNumbersAreNoScores) {
  const HeadOutput output = rows_of({{10, 10, 4, 4, 0.5F, 0.6F, 0.2F, 9}});
  EXPECT_EQ(decode_objectness(output, 0, settings(0.3F), 1).at(0).class_id, 0);
  EXPECT_EQ(decode_objectness(output, 0, settings(0.3F)).at(0).class_id, 2);
  expect_error(ErrorCode::kCorruptedModel, {"images x rows x (5 + classes + 3)"},
               [&] { (void)decode_objectness(output, 0, settings(0.3F), 3); });
}

TEST(DecodeObjectnessTest, TheReferenceTakesItForAClass) {
  const Rows rows = {{10, 10, 4, 4, 0.5F, 0.2F, 0.1F},
                     {30, 10, 4, 4, 0.5F, 0.2F, 0.9F},
                     {50, 10, 4, 4, 0.1F, 0.9F, 0.2F}};
  const auto classes = [&](Objectness objectness, const Threshold& threshold) {
    DetectionSettings with = settings(0);
    with.threshold = threshold;
    std::vector<std::int32_t> ids;
    for (const Candidate& box : decode_objectness(rows_of(rows), 0, with, 0, objectness)) {
      ids.push_back(box.class_id);
    }
    return ids;
  };
  const Threshold one(0.4F);
  EXPECT_THAT(classes(Objectness::kSelects, one), ElementsAre(1, 0));
  EXPECT_THAT(classes(Objectness::kSelectsAndIsClass, one), ElementsAre(2, 0));
  EXPECT_THAT(classes(Objectness::kIsClass, one), ElementsAre(2, 1, 0));
  // A row that is of the objectness most of all passes whatever the thresholds are.
  const Threshold by_class({0.05F, 0.6F}, 0.95F);
  EXPECT_THAT(classes(Objectness::kSelects, by_class), ElementsAre(0, 0));
  EXPECT_THAT(classes(Objectness::kSelectsAndIsClass, by_class), ElementsAre(1, 0));
  EXPECT_THAT(classes(Objectness::kIsClass, by_class), ElementsAre(2, 1));
}

TEST(DecodePriorsTest, OffsetsMoveAndStretchPriors) {
  const HeadOutput offsets = rows_of({{0, 0, 0, 0}, {1, -2, 5, 0}}, "loc");
  const HeadOutput scores = rows_of({{0.9F, 0.05F, 0.05F}, {0.1F, 0.2F, 0.7F}}, "conf");
  const std::vector<float> values = {0.5F, 0.5F, 0.2F, 0.4F, 0.25F, 0.5F, 0.5F, 0.5F};
  const HeadOutput priors(tensor_of(values, Shape{2, 4}), "priors");
  const auto found = decode_priors(offsets, scores, priors, 0, {100, 200}, settings(0.04F));
  ASSERT_EQ(found.size(), 2U);
  // Middle (0.25 + 0.1 * 0.5, 0.5 - 0.2 * 0.5), size (0.5 e, 0.5); the background is no class.
  const auto half = static_cast<float>(0.25 * std::exp(1.0));
  expect_box(found[0], {200 * (0.3F - half), 15, 200 * (0.3F + half), 65}, 1, 0.7F);
  expect_box(found[1], {80, 30, 120, 70}, 0, 0.05F);
  expect_error(ErrorCode::kCorruptedModel, {"output 'conf'", "rows x 4"}, [&] {
    (void)decode_priors(offsets, scores, scores, 0, {100, 200}, settings(0.04F));
  });
}

TEST(DecodeFinalRowsTest, OtherNumbersFollow) {
  const HeadOutput output = rows_of({{1, 2, 3, 4, 0.5F, 7, 0.1F, 0.2F}});
  EXPECT_EQ(
      decode_final_rows(output, 0, Threshold(0.4F), AtThreshold::kFails, 10, 2).at(0).class_id, 7);
  expect_error(ErrorCode::kCorruptedModel, {"images x rows x 6"}, [&] {
    (void)decode_final_rows(output, 0, Threshold(0.4F), AtThreshold::kFails, 10);
  });
}

TEST(DecodeObjectnessTest, TheObjectnessSelectsAndTheClassIsReported) {
  const Rows rows = {{50, 50, 20, 20, 0.9F, 0.3F, 0.6F},
                     {52, 50, 20, 20, 0.8F, 0.2F, 0.95F},
                     {90, 90, 10, 10, 0.35F, 0.99F, 0.1F}};
  const auto found = decode_objectness(rows_of(rows), 0, settings(0.4F));
  ASSERT_EQ(found.size(), 1U);
  expect_box(found[0], {42, 40, 62, 60}, 1, 0.95F);
  EXPECT_EQ(decode_objectness(rows_of(rows), 0, settings(0.3F)).size(), 2U);
}

TEST(DecodeBoxesAndScoresTest, BoxesAreSidesAlready) {
  const HeadOutput boxes = rows_of({{1, 2, 3, 4}, {10, 20, 30, 40}});
  const HeadOutput scores = rows_of({{0.1F, 0.5F, 0.2F}, {0.6F, 0.1F, 0.2F}}, "scores");
  const auto found = decode_boxes_and_scores(boxes, scores, 0, settings(0.4F));
  ASSERT_EQ(found.size(), 2U);
  expect_box(found[0], {10, 20, 30, 40}, 0, 0.6F);
  expect_box(found[1], {1, 2, 3, 4}, 1, 0.5F);
}

TEST(DecodeFinalRowsTest, TheNetworksOrderIsKept) {
  const HeadOutput output = rows_of(
      {{1, 2, 3, 4, 0.5F, 7}, {1, 2, 3, 4, 0.9F, 1}, {1, 2, 3, 4, 0.4F, 0}, {1, 2, 3, 4, 0.1F, 0}});
  constexpr std::int64_t kAll = 100;
  const auto found = decode_final_rows(output, 0, Threshold(0.4F), AtThreshold::kFails, kAll);
  ASSERT_EQ(found.size(), 2U);
  expect_box(found[0], {1, 2, 3, 4}, 7, 0.5F);
  expect_box(found[1], {1, 2, 3, 4}, 1, 0.9F);
  EXPECT_EQ(decode_final_rows(output, 0, Threshold(0.4F), AtThreshold::kPasses, kAll).size(), 3U);
  EXPECT_EQ(decode_final_rows(output, 0, Threshold(0.4F), AtThreshold::kFails, 1).size(), 1U);
}

TEST(DecodeFinalRowsTest, ClassesThatAreNoneAreLeftOut) {
  const HeadOutput output = rows_of({{1, 2, 3, 4, 0.5F, NAN},
                                     {1, 2, 3, 4, 0.5F, -1},
                                     {1, 2, 3, 4, 0.5F, 1e20F},
                                     {1, 2, 3, 4, NAN, 1}});
  EXPECT_TRUE(decode_final_rows(output, 0, Threshold(0), AtThreshold::kPasses, 100).empty());
}

// The reference's own vector: spec, section 4.8.
const HeadOutput kQueryBoxes = rows_of(
    {{0.5F, 0.5F, 0.2F, 0.4F}, {0.25F, 0.75F, 0.5F, 0.6F}, {0.9F, 0.1F, 0.4F, 0.4F}}, "dets");
const HeadOutput kLogits = rows_of({{2, -1, 3}, {1, 0.5F, -2}, {-3, -0.4F, 0}}, "labels");

TEST(DecodeQueriesTest, ColumnsThatAreNoClassTakeUpPlaces) {
  const auto found =
      decode_queries(kQueryBoxes, kLogits, 0, {560, 560}, ClassMap{0, 1}, settings(0.3F));
  ASSERT_EQ(found.size(), 2U);
  expect_box(found[0], {224, 168, 336, 392}, 0, 0.880797F);
  expect_box(found[1], {0, 252, 280, 588}, 0, 0.731059F);
}

TEST(DecodeQueriesTest, ClassesAreNumberedAnewWhereSomeAreRemoved) {
  const auto found =
      decode_queries(kQueryBoxes, kLogits, 0, {560, 560}, ClassMap{-1, 0, 1}, settings(0.3F));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].class_id, 1);
  EXPECT_NEAR(found[0].confidence, 0.952574F, 1e-6);
}

TEST(DecodeQueriesTest, NoMoreThanIsAskedFor) {
  DetectionSettings one = settings(0.1F);
  one.max_detections = 1;
  EXPECT_EQ(decode_queries(kQueryBoxes, kLogits, 0, {560, 560}, ClassMap{0, 1, 2}, one).size(), 1U);
}

TEST(DecodeTest, OtherShapesAreErrorsThatNameTheOutput) {
  const HeadOutput flat(tensor_of({1, 2, 3, 4}, Shape{1, 4}), "flat");
  const HeadOutput few = rows_of({{1, 2, 3, 4}}, "few");
  const auto refuses = [](const std::string& name, auto decode) {
    expect_error(ErrorCode::kCorruptedModel, {"'" + name + "'", "expected images x"}, decode);
  };
  refuses("flat", [&] { decode_channels_first(flat, 0, settings(0)); });
  refuses("few", [&] { decode_objectness(few, 0, settings(0)); });
  refuses("few", [&] { decode_final_rows(few, 0, Threshold(0), AtThreshold::kFails, 1); });
  refuses("flat", [&] { decode_boxes_and_scores(flat, few, 0, settings(0)); });
  refuses("labels", [&] { decode_boxes_and_scores(few, kLogits, 0, settings(0)); });
  refuses("labels", [&] { decode_queries(few, kLogits, 0, {1, 1}, {}, settings(0)); });
  refuses("flat", [&] { decode_queries(flat, kLogits, 0, {1, 1}, {}, settings(0)); });
}

TEST(HeadOutputTest, OtherTensorsAreErrorsThatNameTheOutput) {
  expect_error(ErrorCode::kCorruptedModel, {"'x'", "scalar"},
               [] { HeadOutput(tensor_of({1}, Shape{}), "x"); });
  expect_error(ErrorCode::kCorruptedModel, {"'x'", "i32"}, [] {
    HeadOutput(Tensor::allocate(DType::kI32, Shape{1, 2}), "x");
  });
}

TEST(HeadOutputTest, EveryImageHasItsOwnRows) {
  const HeadOutput output(tensor_of({1, 2, 3, 4, 5, 6}, Shape{2, 3}), "x");
  EXPECT_EQ(output.images(), 2);
  EXPECT_THAT(output.of_image(1), ElementsAre(4, 5, 6));
}

}  // namespace
}  // namespace replayrt::models
