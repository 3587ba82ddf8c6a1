#include "models/package/class_names.hpp"

#include "expect_problem.hpp"

namespace replayrt::models {
namespace {

using Names = std::vector<std::string>;

struct Parsed {
  Names names;
  std::vector<PackageProblem> problems;
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  parsed.names = parse_class_names(text, parsed.problems);
  return parsed;
}

TEST(PackageClassNamesTest, OneNamePerLine) {
  const auto expect_names = [](std::string_view text, const Names& names) {
    const Parsed parsed = parse(text);
    expect_none(parsed.problems);
    EXPECT_EQ(parsed.names, names);
  };
  expect_names("cat\ndog\n", {"cat", "dog"});
  expect_names("cat\ndog", {"cat", "dog"});
  expect_names("\n\n  cat \n\t\n hot dog\n\n", {"cat", "hot dog"});
  expect_names("cat\r\ndog\r\n", {"cat", "dog"});
  expect_names("cat\rdog", {"cat", "dog"});  // As Python reads text files.
  expect_names("# no comments\n", {"# no comments"});
  expect_names("cat\ncat\n", {"cat", "cat"});
  expect_names("\u00A0żółw\u3000\n", {"żółw"});
}

TEST(PackageClassNamesTest, TheBackgroundIsFoundInAnyCase) {
  const auto find = [](const Names& names) {
    std::vector<PackageProblem> problems;
    return find_background(names, problems);
  };
  EXPECT_EQ(find({"cat", "dog"}), std::nullopt);
  EXPECT_EQ(find({"background", "cat"}), 0);
  EXPECT_EQ(find({"cat", "BackGround", "background"}), 1);
  EXPECT_EQ(find({"a background", "backgrounds"}), std::nullopt);
}

TEST(PackageClassNamesTest, NoNameIsAnError) {
  for (const std::string_view text : {"", "\n", " \r\n\t\n", "\u2003\n"}) {
    expect_only(parse(text).problems, Severity::kError, "", "has no name");
  }
}

TEST(PackageClassNamesTest, InvalidUtf8IsAnError) {
  expect_only(parse("cat\nd\xFFg\n").problems, Severity::kError, "", "not valid UTF-8 at byte 5");
  EXPECT_TRUE(parse("cat\nd\xFFg\n").names.empty());
}

TEST(PackageClassNamesTest, AByteOrderMarkIsNoPartOfTheFirstName) {
  const Parsed parsed = parse("\uFEFFcat\n");
  expect_only(parsed.problems, Severity::kWarning, "", "byte order mark");
  EXPECT_EQ(parsed.names, Names{"cat"});
  EXPECT_EQ(parse("\uFEFF").problems.size(), 2U);  // And then there is no name.
}

TEST(PackageClassNamesTest, ZeroBytesAreTold) {
  expect_only(parse(std::string_view("c\0a\0", 4)).problems, Severity::kWarning, "", "value 0");
}

TEST(PackageClassNamesTest, TheNumberOfNamesIsBounded) {
  std::string text;
  for (std::size_t i = 0; i < kMostClassNames; ++i) {
    text.append("a\n");
  }
  EXPECT_EQ(parse(text).names.size(), kMostClassNames);
  const Parsed parsed = parse(text + "a\n");
  expect_only(parsed.problems, Severity::kError, "", "more than 1000000 names");
  EXPECT_TRUE(parsed.names.empty());
}

}  // namespace
}  // namespace replayrt::models
