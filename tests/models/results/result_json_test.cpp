#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "replayrt/models/result.hpp"

namespace replayrt {
namespace {

const std::vector<std::string> kNames = {"cat", "dog"};

JsonContext context(std::string image = "a.png") {
  return {.image = std::move(image), .size = {20, 30}, .class_names = kNames, .map_path = {}};
}

TEST(ResultJsonTest, DetectionsAreOneLine) {
  const Detections found{
      .xyxy = {{1, 2, 3, 4}, {5, 6, 7, 8}}, .class_id = {1, 2}, .confidence = {0.9F, 0.25F}};
  EXPECT_EQ(to_json(found, context()),
            R"({"image": "a.png", "size": [20, 30], "detections": [)"
            R"({"xyxy": [1, 2, 3, 4], "class_id": 1, "class_name": "dog", "confidence": 0.9}, )"
            R"({"xyxy": [5, 6, 7, 8], "class_id": 2, "class_name": null, "confidence": 0.25}]})");
  EXPECT_EQ(to_json(Detections{}, context()),
            R"({"image": "a.png", "size": [20, 30], "detections": []})");
}

TEST(ResultJsonTest, RegionsOfTextHaveCorners) {
  Detections found{.xyxy = {{1, 2, 30, 9}}, .class_id = {0}, .confidence = {0.5F}};
  found.polygon = {{{{1, 2}, {30, 3}, {29, 9}, {1, 8}}}};
  EXPECT_EQ(to_json(found, context()),
            R"({"image": "a.png", "size": [20, 30], "detections": [)"
            R"({"xyxy": [1, 2, 30, 9], "class_id": 0, "class_name": "cat", "confidence": 0.5, )"
            R"("polygon": [[1, 2], [30, 3], [29, 9], [1, 8]]}]})");
}

TEST(ResultJsonTest, MasksAndKeyPointsBelongToTheirDetection) {
  InstanceDetections masks;
  masks.xyxy = {{0, 0, 2, 2}};
  masks.class_id = {0};
  masks.confidence = {1};
  masks.mask = {{.size = {2, 2}, .counts = {1, 2, 1}}};
  const auto with_mask = nlohmann::json::parse(to_json(masks, context()));
  EXPECT_EQ(with_mask["detections"][0]["mask"].dump(), R"({"counts":[1,2,1],"size":[2,2]})");
  KeyPointDetections points;
  points.xyxy = {{0, 0, 2, 2}};
  points.class_id = {0};
  points.confidence = {1};
  points.key_points = {{{.x = -3, .y = 4, .confidence = 0.5F}, {}}};
  const auto with_points = nlohmann::json::parse(to_json(points, context()));
  EXPECT_EQ(with_points["detections"][0]["keypoints"].dump(), "[[-3,4,0.5],[0,0,0]]");
  EXPECT_FALSE(with_points["detections"][0].contains("covariance"));
  points.covariance = {{{{{{4, -0.5F}, {-0.5F, 9}}}, {{{NAN, NAN}, {NAN, NAN}}}}}};
  const auto with_covariance = nlohmann::json::parse(to_json(points, context()));
  EXPECT_EQ(with_covariance["detections"][0]["keypoints"].dump(), "[[-3,4,0.5],[0,0,0]]");
  EXPECT_EQ(with_covariance["detections"][0]["covariance"].dump(), "[[[4,-0.5],[-0.5,9]],null]");
}

TEST(ResultJsonTest, ClassesHaveTheirNames) {
  EXPECT_EQ(
      to_json(ClassificationPrediction{.class_id = 1, .confidence = {0.25F, 0.75F}}, context()),
      R"({"image": "a.png", "size": [20, 30], "classification": )"
      R"({"class_id": 1, "class_name": "dog", "confidence": [0.25, 0.75]}})");
  const MultiLabelClassificationPrediction labels{.class_ids = {0, 1}, .confidence = {0.5F, 1}};
  EXPECT_EQ(to_json(labels, context()),
            R"({"image": "a.png", "size": [20, 30], "classification": {"class_ids": [0, 1], )"
            R"("class_names": ["cat", "dog"], "confidence": [0.5, 1]}})");
}

TEST(ResultJsonTest, MapsAreNamedByTheirFiles) {
  JsonContext with_map = context();
  with_map.map_path = "maps/a.npy";
  EXPECT_EQ(
      to_json(DepthMap{.size = {20, 30}, .depth = {}}, with_map),
      R"({"image": "a.png", "size": [20, 30], "depth": {"size": [20, 30], "map": "maps/a.npy"}})");
  EXPECT_EQ(
      to_json(SemanticSegmentationResult{.size = {2, 3}, .segmentation_map = {}, .confidence = {}},
              context()),
      R"({"image": "a.png", "size": [20, 30], "segmentation": {"size": [2, 3], "map": null}})");
  EXPECT_EQ(
      to_json(TextResult{.text = "a \"b\"\n", .confidence = 0.1F}, context()),
      R"({"image": "a.png", "size": [20, 30], "text": {"text": "a \"b\"\n", "confidence": 0.1}})");
}

TEST(ResultJsonTest, WhatJsonCannotSayIsReplaced) {
  const Detections found{.xyxy = {{0, 0, 0, 0}}, .class_id = {-1}, .confidence = {NAN}};
  const auto json = nlohmann::json::parse(to_json(found, context("\xFF.png")));
  EXPECT_EQ(json["image"], "\uFFFD.png");
  EXPECT_TRUE(json["detections"][0]["confidence"].is_null());
  EXPECT_TRUE(json["detections"][0]["class_name"].is_null());
}

}  // namespace
}  // namespace replayrt
