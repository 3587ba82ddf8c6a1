#include "coco.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "error.hpp"
#include "replayrt/core/version.hpp"

namespace replayrt::cli {
namespace {

using nlohmann::json;

const std::vector<std::string> kNames = {"cat", "dog"};

class Lines : public JsonLines {
 public:
  void write(const std::string& line) override { text += line + "\n"; }
  std::string text;
};

/// The file of a run that found these, in pictures "0", "1" and so on of 4 x 5 pixels.
std::string written(const std::vector<Prediction>& found,
                    const std::vector<KeyPointsOfClass>& key_points = {}) {
  Lines lines;
  CocoWriter writer(lines, kNames, key_points);
  for (std::size_t i = 0; i < found.size(); ++i) {
    writer.add(std::to_string(i), {4, 5}, found[i]);
  }
  writer.finish();
  return lines.text;
}

Detections boxes(std::size_t count) {
  Detections found;
  for (std::size_t i = 0; i < count; ++i) {
    found.xyxy.push_back({1, 1, 4, 3});
    found.class_id.push_back(static_cast<std::int32_t>(i));
    found.confidence.push_back(i == 0 ? 0.9F : 0.75F);
  }
  return found;
}

InstanceDetections instances() {
  InstanceDetections found{boxes(2), {}};
  const std::vector<std::uint8_t> corner = {0, 0, 0, 0, 0,  //
                                            0, 1, 1, 0, 0,  //
                                            0, 1, 0, 0, 0,  //
                                            0, 0, 0, 0, 0};
  const std::vector<std::uint8_t> all(20, 1);
  found.mask = {RleMask::encode(corner, {4, 5}), RleMask::encode(all, {4, 5})};
  return found;
}

TEST(CocoTest, EveryPictureHasAnEntryAndIdsCountFromOne) {
  const json file = json::parse(written({boxes(2), boxes(0), boxes(1)}));
  EXPECT_EQ(file["info"]["version"], kVersion);
  EXPECT_EQ(file["images"], json::parse(R"([
      {"id": 1, "file_name": "0", "height": 4, "width": 5},
      {"id": 2, "file_name": "1", "height": 4, "width": 5},
      {"id": 3, "file_name": "2", "height": 4, "width": 5}])"));
  ASSERT_EQ(file["annotations"].size(), 3U);
  const json& last = file["annotations"][2];
  EXPECT_EQ(last, (json{{"id", 3},
                        {"image_id", 3},
                        {"category_id", 1},
                        {"bbox", {1, 1, 3, 2}},
                        {"area", 6},
                        {"iscrowd", 0},
                        {"score", 0.9}}));
  EXPECT_EQ(file["categories"], json::parse(R"([
      {"id": 1, "name": "cat", "supercategory": ""},
      {"id": 2, "name": "dog", "supercategory": ""}])"));
}

TEST(CocoTest, ARunWithoutPicturesIsAFileToo) {
  const json file = json::parse(written({}));
  EXPECT_TRUE(file["images"].empty());
  EXPECT_TRUE(file["annotations"].empty());
  EXPECT_EQ(file["categories"].size(), 2U);
}

TEST(CocoTest, ClassesWithoutANameAreCategoriesToo) {
  Detections found = boxes(2);
  found.class_id = {7, 2147483647};
  const json file = json::parse(written({found, found}));
  ASSERT_EQ(file["categories"].size(), 4U);
  EXPECT_EQ(file["categories"][2]["id"], 8);
  EXPECT_EQ(file["categories"][2]["name"], "class 7");
  EXPECT_EQ(file["annotations"][1]["category_id"], 2147483648);
}

TEST(CocoTest, MasksAreSegmentationsAndGiveTheArea) {
  // test_coco.py evaluates the same file.
  const std::string file = written({instances(), instances()});
  std::ifstream stream(REPLAYRT_COCO_MASKS);
  const json wanted = json::parse(stream);
  json given = json::parse(file);
  given["info"].erase("version");
  EXPECT_EQ(given, wanted) << file;
  EXPECT_EQ(given["annotations"][0]["area"], 3);
}

TEST(CocoTest, KeyPointsAreFlatAndTheirSkeletonCountsFromOne) {
  KeyPointDetections found{boxes(2), {}, {}};
  found.key_points = {{{-3, 4, 0.5F}, {0, 0, 0}}, {}};
  const std::vector<KeyPointsOfClass> key_points = {{{"nose", "tail"}, {{0, 1}}}, {}};
  const json file = json::parse(written({found}, key_points));
  const json& annotation = file["annotations"][0];
  EXPECT_EQ(annotation["keypoints"], (json{-3, 4, 2, 0, 0, 0}));
  EXPECT_EQ(annotation["num_keypoints"], 1);
  EXPECT_EQ(annotation["keypoint_scores"], (json{0.5, 0.0}));
  EXPECT_TRUE(file["annotations"][1]["keypoints"].empty());
  EXPECT_EQ(file["categories"][0]["keypoints"], (json{"nose", "tail"}));
  EXPECT_EQ(file["categories"][0]["skeleton"], json::parse("[[1, 2]]"));
  EXPECT_TRUE(file["categories"][1]["skeleton"].empty());
}

TEST(CocoTest, RegionsOfTextAreTheirPolygons) {
  Detections found = boxes(1);
  found.polygon = {{{{1, 2}, {3, 4}, {5, 6}, {7, 8}}}};
  const json file = json::parse(written({found}));
  EXPECT_EQ(file["annotations"][0]["segmentation"], json::parse("[[1, 2, 3, 4, 5, 6, 7, 8]]"));
}

TEST(CocoTest, NamesThatAreNoUtf8AreWritten) {
  Lines lines;
  CocoWriter writer(lines, kNames, {});
  writer.add("a\xff.png", {4, 5}, boxes(0));
  writer.finish();
  EXPECT_EQ(json::parse(lines.text)["images"][0]["file_name"], "a\xEF\xBF\xBD.png");
}

TEST(CocoTest, OnlyModelsThatFindObjectsHaveIt) {
  for (const Task task :
       {Task::kObjectDetection, Task::kInstanceSegmentation, Task::kKeyPointDetection}) {
    EXPECT_NO_THROW(require_coco_task(task));
  }
  for (const Task task :
       {Task::kClassification, Task::kMultiLabelClassification, Task::kSemanticSegmentation,
        Task::kDepthEstimation, Task::kTextOnlyOcr}) {
    EXPECT_THROW(require_coco_task(task), UsageError);
  }
}

}  // namespace
}  // namespace replayrt::cli
