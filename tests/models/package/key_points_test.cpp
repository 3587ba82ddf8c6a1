#include "models/package/key_points.hpp"

#include "expect_problem.hpp"
#include "valid_package.hpp"

namespace replayrt::models {
namespace {

using Edges = std::vector<std::pair<std::int64_t, std::int64_t>>;
using Names = std::vector<std::string>;

struct Parsed {
  std::vector<KeyPointsOfClass> classes;
  std::vector<PackageProblem> problems;
};

Parsed parse(std::string_view text, const std::vector<bool>& removed = {}) {
  Parsed parsed;
  parsed.classes = parse_key_points(text, removed, parsed.problems);
  return parsed;
}

/// One class.
std::string entry(std::string_view id, std::string_view key_points, std::string_view edges) {
  return R"({"object_class_id": )" + std::string(id) + R"(, "keypoints": )" +
         std::string(key_points) + R"(, "edges": )" + std::string(edges) + "}";
}

void expect_refused(const std::string& text, std::string_view key, std::string_view part) {
  expect_only(parse(text).problems, Severity::kError, key, part);
}

TEST(PackageKeyPointsTest, ClassesAreReadByTheirId) {
  const auto [classes, problems] =
      parse("[" + entry("1", R"({"0": "nose"})", "[]") + "," +
            entry("0", R"({"1": "tail", "0": "head"})", R"([{"from": 0, "to": 1}])") + "]");
  expect_none(problems);
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[0].names, (Names{"head", "tail"}));
  EXPECT_EQ(classes[0].edges, (Edges{{0, 1}}));
  EXPECT_EQ(classes[1].names, Names{"nose"});
  EXPECT_TRUE(classes[1].edges.empty());
  expect_none(parse(kValidKeyPoints).problems);
}

TEST(PackageKeyPointsTest, NamesAreInTheOrderOfTheirNumbers) {
  const auto [classes, problems] =
      parse("[" + entry("0", R"({"10": "k", "9": "j", "2": "c", "0": "a"})", "[]") + "]");
  expect_only(problems, Severity::kWarning, "[0].keypoints", "has gaps");
  EXPECT_EQ(classes.at(0).names, (Names{"a", "c", "j", "k"}));
}

TEST(PackageKeyPointsTest, KeysAreWholeNumbers) {
  expect_refused("[" + entry("0", R"({"a": "x"})", "[]") + "]", "[0].keypoints.a", "no number");
  expect_refused("[" + entry("0", R"({"0.0": "x"})", "[]") + "]", "[0].keypoints.0.0", "no number");
  expect_refused("[" + entry("0", R"({"0": "x", "00": "y"})", "[]") + "]", "[0].keypoints.00",
                 "second name of key point 0");
  expect_none(parse("[" + entry("0", R"({" 0 ": "x", "+1": "y"})", "[]") + "]").problems);
}

// Each is a raw Python error in the reference, or accepted by it.
TEST(PackageKeyPointsTest, OddTypesAreErrors) {
  expect_refused("[" + entry("0", R"({"0": null})", "[]") + "]", "[0].keypoints.0", "found null");
  expect_refused("[" + entry("0", "null", "[]") + "]", "[0].keypoints", "expected an object");
  expect_refused("[" + entry("0", "[\"a\"]", "[]") + "]", "[0].keypoints", "expected an object");
  expect_refused("[" + entry("0", "{}", "null") + "]", "[0].edges", "expected a list");
  expect_refused("[" + entry("0", "{}", "[7]") + "]", "[0].edges[0]", "expected an object");
  for (const char* id : {"null", "\"0\"", "true", "0.0", "[]"}) {
    expect_refused("[" + entry(id, "{}", "[]") + "]", "[0].object_class_id", "a whole number");
  }
  expect_refused("[7]", "[0]", "expected an object");
  expect_refused("[]", "", "has no class");
  expect_refused("{}", "", "expected a list");
  expect_refused("", "", "is not valid JSON");
}

TEST(PackageKeyPointsTest, AllKeysAreRequired) {
  const Parsed parsed = parse("[{}]");
  EXPECT_EQ(texts_of(parsed.problems),
            (std::vector<std::string>{
                "E keypoints_metadata.json: [0].object_class_id: is missing: expected a whole "
                "number",
                "E keypoints_metadata.json: [0].keypoints: is missing: expected an object",
                "E keypoints_metadata.json: [0].edges: is missing: expected a list"}));
  expect_only(
      parse(R"([{"object_class_id": 0, "keypoints": {}, "edges": [], "name": "x"}])").problems,
      Severity::kWarning, "[0].name", "is not known");
}

TEST(PackageKeyPointsTest, IdsCoverTheClasses) {
  const std::string zero = entry("0", "{}", "[]");
  expect_refused("[" + entry("1", "{}", "[]") + "]", "[0].object_class_id", "one of 1 classes");
  expect_refused("[" + entry("-1", "{}", "[]") + "]", "[0].object_class_id", "one of 1 classes");
  expect_refused("[" + zero + "," + zero + "]", "[1].object_class_id", "a second time");
  expect_refused("[" + zero + "," + entry("2", "{}", "[]") + "]", "[1].object_class_id", "found 2");
}

TEST(PackageKeyPointsTest, EdgesLieWithinTheClass) {
  const auto with_edge = [](const char* from, const char* to) {
    return "[" +
           entry("0", R"({"0": "a", "1": "b"})",
                 R"([{"from": )" + std::string(from) + R"(, "to": )" + to + "}]") +
           "]";
  };
  expect_none(parse(with_edge("0", "0")).problems);
  expect_refused(with_edge("2", "0"), "[0].edges[0].from", "2 key points");
  expect_refused(with_edge("0", "-1"), "[0].edges[0].to", "found -1");
  expect_refused(with_edge("0", "\"1\""), "[0].edges[0].to", "a whole number");
  expect_refused("[" + entry("0", R"({"0": "a"})", R"([{"from": 0}])") + "]", "[0].edges[0].to",
                 "is missing");
}

TEST(PackageKeyPointsTest, CountsAreBounded) {
  std::string points = "{";
  std::string edges = "[";
  std::string classes = "[";
  for (int i = 0; i <= 10'000; ++i) {
    const std::string comma = i == 0 ? "" : ",";
    points += comma + "\"" + std::to_string(i) + "\":\"x\"";
    edges += comma + "{}";
    classes += comma + "{}";
  }
  expect_refused("[" + entry("0", points + "}", "[]") + "]", "[0].keypoints", "at most 10000");
  expect_refused("[" + entry("0", "{}", edges + "]") + "]", "[0].edges", "at most 10000");
  expect_refused(classes + "]", "", "at most 10000");
}

TEST(PackageKeyPointsTest, RemovedClassesMayBeLeftOut) {
  const std::vector<bool> removed = {true, false, true};
  const auto [classes, problems] = parse(
      "[" + entry("1", R"({"0": "nose"})", "[]") + "," + entry("2", R"({"0": "x"})", "[]") + "]",
      removed);
  expect_none(problems);
  ASSERT_EQ(classes.size(), 3U);
  EXPECT_TRUE(classes[0].names.empty());
  EXPECT_EQ(classes[1].names, Names{"nose"});
  const auto expect_error = [&](const std::string& text, std::string_view key,
                                std::string_view part) {
    expect_only(parse(text, removed).problems, Severity::kError, key, part);
  };
  expect_error("[" + entry("2", "{}", "[]") + "]", "", "does not describe class 1");
  expect_error("[" + entry("3", "{}", "[]") + "]", "[0].object_class_id", "of 3 classes");
  expect_error("[" + entry("1", "{}", "[]") + "," + entry("1", "{}", "[]") + "]",
               "[1].object_class_id", "a second time");
}

}  // namespace
}  // namespace replayrt::models
