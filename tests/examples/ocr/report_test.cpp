#include "report.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace ocr {
namespace {

using testing::HasSubstr;

PictureReport some_picture() {
  PictureReport picture;
  picture.file = "a/page.png";
  picture.size = {640, 480};
  picture.lines = {{{cv::Point2f{1, 2}, {30, 2}, {30, 9}, {1, 9}}, "Grüße \"1\"", 0.875}};
  picture.milliseconds = {5.0, 2.0, 3.0, 4.0};
  return picture;
}

PictureReport bad_picture() {
  PictureReport picture;
  picture.file = "bad\xFF.png";
  picture.error = "is empty";
  return picture;
}

Summary some_summary() {
  Summary summary;
  summary.models = {
      {"det", {.eager = 1, .captured = 2, .replayed = 3, .time = std::chrono::milliseconds(7)}}};
  summary.models[0].counts.eager_reasons[replayrt::Reason::kOverBudget] = 1;
  summary.has_cache = true;
  summary.cache.captures = 2;
  summary.cache.capacity = 9;
  summary.cache.capture_time_total = std::chrono::milliseconds(250);
  summary.peak_memory_bytes = 3 << 20;
  return summary;
}

TEST(Report, PrintsLinesWithBoxAndConfidence) {
  std::ostringstream out;
  print_picture(out, some_picture());
  EXPECT_EQ(out.str(),
            "a/page.png: 640 x 480, 1 line\n  0.875  [1,2 30,2 30,9 1,9]  Grüße \"1\"\n");
}

TEST(Report, PrintsRoutesTimesCapturesAndMemory) {
  std::ostringstream out;
  print_summary(out, std::vector{some_picture(), bad_picture()}, some_summary());
  EXPECT_THAT(out.str(), HasSubstr("det          6        1        2        3       7.0"));
  EXPECT_THAT(out.str(), HasSubstr("eager       over_budget 1\n"));
  EXPECT_THAT(out.str(), HasSubstr("first reading 5.0 ms, later ones 3.0 ms"));
  EXPECT_THAT(out.str(), HasSubstr("captures    2 in 250.0 ms"));
  EXPECT_THAT(out.str(), HasSubstr("graphs of at most 9"));
  EXPECT_THAT(out.str(), HasSubstr("at most 3.0 MiB"));
}

TEST(Report, BecomesJson) {
  const auto json =
      nlohmann::json::parse(to_json(std::vector{some_picture(), bad_picture()}, some_summary()));
  const auto& line = json.at("pictures")[0].at("lines")[0];
  EXPECT_EQ(line.at("text"), "Grüße \"1\"");
  EXPECT_EQ(line.at("confidence"), 0.875);
  EXPECT_EQ(line.at("box"), nlohmann::json::parse("[[1,2],[30,2],[30,9],[1,9]]"));
  EXPECT_EQ(json.at("pictures")[1].at("error"), "is empty");
  EXPECT_EQ(json.at("models").at("det").at("replayed"), 3);
  EXPECT_EQ(json.at("models").at("det").at("eager_reasons").at("over_budget"), 1);
  EXPECT_EQ(json.at("cache").at("capture_ms_total"), 250.0);
  EXPECT_EQ(json.at("memory").at("peak_bytes"), 3 << 20);
}

TEST(Report, HasNoCacheWhereThereIsNone) {
  Summary summary = some_summary();
  summary.has_cache = false;
  EXPECT_TRUE(nlohmann::json::parse(to_json({}, summary)).at("cache").is_null());
  std::ostringstream out;
  print_summary(out, {}, summary);
  EXPECT_THAT(out.str(), HasSubstr("cache       none"));
}

TEST(Report, WritesOneShapePerLine) {
  EXPECT_EQ(to_trace(std::vector<replayrt::Shape>{{1, 3, 48, 320}, {6, 3, 48, 853}}),
            "1x3x48x320\n6x3x48x853\n");
}

}  // namespace
}  // namespace ocr
