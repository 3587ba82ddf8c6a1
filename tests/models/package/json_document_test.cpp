#include <string>

#include "expect_problem.hpp"
#include "models/package/json_reader.hpp"

namespace replayrt::models {
namespace {

std::vector<PackageProblem> problems_of(std::string_view text) {
  std::vector<PackageProblem> problems;
  ProblemList list("a.json", problems);
  const bool read = JsonDocument::parse(text, list).has_value();
  EXPECT_EQ(read, list.errors() == 0);
  return problems;
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(PackageJsonDocumentTest, TakesJson) {
  for (const std::string_view text :
       {"{}", "[]", "null", "1", " {\"a\": [1, 2.5, true, null, \"ż\"]}\n", "{\"a\":{\"a\":1}}",
        "[{\"a\":1},{\"a\":2}]"}) {
    expect_none(problems_of(text));
  }
}

TEST(PackageJsonDocumentTest, RefusesWhatIsNoJson) {
  // NaN, which Python's reader takes, is no JSON.
  for (const std::string_view text : {"", " ", "{", "{\"a\":}", "[1,]", "{} x", "'a'", "NaN",
                                      "[Infinity]", "\"\xFF\"", "{\"a\" 1}", "// c\n{}", "1e999"}) {
    expect_only(problems_of(text), Severity::kError, "", "is not valid JSON");
  }
  const std::vector<PackageProblem> problems = problems_of("{\n\"a\": \x1b}");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].message.find("line 2"), std::string::npos) << problems[0].message;
  EXPECT_EQ(problems[0].message.find('\x1b'), std::string::npos);
}

TEST(PackageJsonDocumentTest, DepthIsBounded) {
  expect_none(problems_of(nested(64)));
  expect_only(problems_of(nested(65)), Severity::kError, "", "deeper than 64");
  // Not even built: this would otherwise be many megabytes of stack or heap.
  expect_only(problems_of(std::string(1'000'000, '[')), Severity::kError, "", "deeper than 64");
}

TEST(PackageJsonDocumentTest, ValuesAreBounded) {
  std::string text = "[0";
  for (std::size_t i = 2; i < JsonDocument::kMostValues; ++i) {
    text.append(",0");
  }
  expect_none(problems_of(text + "]"));
  expect_only(problems_of(text + ",0]"), Severity::kError, "", "more than 1000000 values");
}

TEST(PackageJsonDocumentTest, AKeyTwiceIsAnError) {
  expect_only(problems_of(R"({"a": 1, "b": 2, "a": 3})"), Severity::kError, "", "'a' twice");
  expect_only(problems_of(R"([{"x": {"a": 1, "\u0061": 3}}])"), Severity::kError, "", "'a' twice");
}

TEST(PackageJsonDocumentTest, AByteOrderMarkIsTold) {
  expect_only(problems_of("\uFEFF{}"), Severity::kWarning, "", "byte order mark");
}

TEST(PackageJsonDocumentTest, ProblemsAreBounded) {
  std::vector<PackageProblem> problems;
  ProblemList list("a.json", problems);
  for (int i = 0; i < 1000; ++i) {
    list.warn("k", "w");
  }
  EXPECT_EQ(problems.size(), 51U);
  EXPECT_EQ(problems.back().severity, Severity::kWarning);
  // Errors come through however many warnings there were.
  for (int i = 0; i < 1000; ++i) {
    list.error("k", "e");
  }
  EXPECT_EQ(problems.size(), 102U);
  EXPECT_EQ(problems.back().severity, Severity::kError);
  EXPECT_EQ(problems.back().text(), "a.json: has more errors of which no more are listed");
}

}  // namespace
}  // namespace replayrt::models
