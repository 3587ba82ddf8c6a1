#include "shape_spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error.hpp"

namespace replayrt::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ParseShapeSpec, ReadsOneInputWithoutAName) {
  EXPECT_EQ(parse_shape_spec("1x3x48x320"), (ShapeSpec{{"", Shape{1, 3, 48, 320}}}));
  EXPECT_EQ(parse_shape_spec("7"), (ShapeSpec{{"", Shape{7}}}));
  EXPECT_EQ(parse_shape_spec("scalar"), (ShapeSpec{{"", Shape{}}}));
}

TEST(ParseShapeSpec, ReadsNamedInputs) {
  EXPECT_EQ(parse_shape_spec("name:1x3;name2:2x5"),
            (ShapeSpec{{"name", Shape{1, 3}}, {"name2", Shape{2, 5}}}));
  EXPECT_EQ(parse_shape_spec(" a : 4 ; b : 5 "), (ShapeSpec{{"a", Shape{4}}, {"b", Shape{5}}}));
}

TEST(ParseShapeSpec, TakesTheLastColonSoThatNamesMayHoldOne) {
  EXPECT_EQ(parse_shape_spec("input:0:1x2"), (ShapeSpec{{"input:0", Shape{1, 2}}}));
}

TEST(ParseShapeSpec, RefusesMalformedTextAndQuotesIt) {
  for (const char* text : {"",
                           ";",
                           "x",
                           "1x",
                           "x1",
                           "1xx2",
                           "1x0x3",
                           "1x-3",
                           "-1",
                           "1,2",
                           "1.5x2",
                           "0x10",
                           ":1x2",
                           "a:",
                           "a:1;",
                           "a:1;2x3",
                           "1;2",
                           "a:1;a:2",
                           "a:1;b",
                           "9223372036854775808",
                           "1x2x3x4x5x6x7x8x9",
                           "9223372036854775807x2",
                           "4294967296x4294967296",
                           "1X2",
                           "+1x2"}) {
    EXPECT_THAT([&] { parse_shape_spec(text); },
                ThrowsMessage<UsageError>(AllOf(HasSubstr("shape '"), HasSubstr("expected"))))
        << text;
  }
}

TEST(ParseShapeSpec, SaysWhichDimensionIsZero) {
  EXPECT_THAT([] { parse_shape_spec("1x3x0x320"); },
              ThrowsMessage<UsageError>(HasSubstr("dimension 2 of '1x3x0x320' is 0")));
}

TEST(ToString, IsTheInverse) {
  for (const char* text : {"1x3x48x320", "scalar", "a:1x3;b:2", "input:0:1x2"}) {
    EXPECT_EQ(to_string(parse_shape_spec(text)), text);
  }
}

TEST(ParseShapeList, SplitsAtCommas) {
  EXPECT_EQ(parse_shape_list("1x2,3, 4x5").size(), 3U);
  EXPECT_THROW(parse_shape_list("1x2,"), UsageError);
  EXPECT_THROW(parse_shape_list(""), UsageError);
}

TEST(ParseTrace, LeavesOutCommentsAndBlankLines) {
  const auto lines =
      parse_trace("# a comment\r\n\r\n1x3 # the first\n   \n\tname#1:2x5;b:1\r\n2x3", "t");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].number, 3U);
  EXPECT_EQ(lines[0].spec, (ShapeSpec{{"", Shape{1, 3}}}));
  EXPECT_EQ(lines[1].number, 5U);
  EXPECT_EQ(lines[1].spec[0].name, "name#1");
  EXPECT_EQ(lines[2].number, 6U);
}

TEST(ParseTrace, NamesFileAndLineAndText) {
  EXPECT_THAT(
      [] { parse_trace("1x3\n\n1x3xbad\n", "dir/shapes.txt"); },
      ThrowsMessage<UsageError>(AllOf(HasSubstr("dir/shapes.txt:3: "), HasSubstr("'1x3xbad'"))));
}

TEST(ParseTrace, RefusesATraceWithoutShapes) {
  for (const char* text : {"", "\n\n", "# only a comment"}) {
    EXPECT_THAT(
        [&] { parse_trace(text, "t.txt"); },
        ThrowsMessage<UsageError>(AllOf(HasSubstr("t.txt"), HasSubstr("expected one per line"))));
  }
}

TEST(ReadTrace, SaysWhyAFileCannotBeRead) {
  EXPECT_THAT([] { read_trace("/nonexistent/t.txt"); },
              ThrowsMessage<Error>(HasSubstr("/nonexistent/t.txt: no such file")));
  EXPECT_THAT([] { read_trace("/tmp"); }, ThrowsMessage<Error>(HasSubstr("/tmp: is a directory")));
  EXPECT_THAT([] { read_trace("/dev/null"); },
              ThrowsMessage<Error>(HasSubstr("not a regular file")));
}

}  // namespace
}  // namespace replayrt::cli
