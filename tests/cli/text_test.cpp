#include "text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error.hpp"

namespace replayrt::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ParseByteSize, ReadsUnitsAsPowersOf1024) {
  EXPECT_EQ(parse_byte_size("x", "0"), 0);
  EXPECT_EQ(parse_byte_size("x", "4096"), 4096);
  EXPECT_EQ(parse_byte_size("x", "17B"), 17);
  EXPECT_EQ(parse_byte_size("x", "3k"), 3 * 1024);
  EXPECT_EQ(parse_byte_size("x", "512M"), 512LL << 20);
  EXPECT_EQ(parse_byte_size("x", "2G"), 2LL << 30);
  EXPECT_EQ(parse_byte_size("x", "2GB"), 2LL << 30);
  EXPECT_EQ(parse_byte_size("x", "1.5GiB"), 3LL << 29);
  EXPECT_EQ(parse_byte_size("x", "1T"), 1LL << 40);
  EXPECT_EQ(parse_byte_size("x", "9223372036854775807"), 9223372036854775807LL);
}

TEST(ParseByteSize, RefusesAllElseAndNamesTheFlag) {
  for (const char* text :
       {"", " ", "-1", "M", "12X", "1..2M", "1e3", "0x10", "512 M", "512Mi", "G2",
        "9223372036854775808", "8388608T", "1e400", ".", "99999999999999999999.5"}) {
    EXPECT_THAT([&] { parse_byte_size("--max-bytes", text); },
                ThrowsMessage<UsageError>(AllOf(HasSubstr("--max-bytes"), HasSubstr(text))))
        << text;
  }
}

TEST(ParseWholeNumber, TakesDecimalNumbersInRangeOnly) {
  EXPECT_EQ(parse_whole_number("n", "0", 0, 9), 0);
  EXPECT_EQ(parse_whole_number("n", "-3", -8, 7), -3);
  EXPECT_EQ(parse_whole_number("n", "010", 0, 99), 10);
  for (const char* text :
       {"", "x", "1x", " 1", "+1", "1.0", "0x1", "-1", "10", "99999999999999999999"}) {
    EXPECT_THAT([&] { parse_whole_number("--n", text, 0, 9); },
                ThrowsMessage<UsageError>(AllOf(HasSubstr("--n"), HasSubstr("from 0 to 9"))))
        << text;
  }
}

TEST(ByteSizeText, HasThreeDigits) {
  EXPECT_EQ(byte_size_text(0), "0 B");
  EXPECT_EQ(byte_size_text(999), "999 B");
  EXPECT_EQ(byte_size_text(1000), "0.977 KB");
  EXPECT_EQ(byte_size_text(39LL << 20), "39 MB");
  EXPECT_EQ(byte_size_text(3LL << 29), "1.5 GB");
}

TEST(Counted, HasAnSButForOne) {
  EXPECT_EQ(counted(0, "round"), "0 rounds");
  EXPECT_EQ(counted(1, "round"), "1 round");
  EXPECT_EQ(counted(12, "distinct shape"), "12 distinct shapes");
}

TEST(DurationText, PicksTheUnit) {
  EXPECT_EQ(duration_text(5.64e-6), "5.6 us");
  EXPECT_EQ(duration_text(0.0123), "12.30 ms");
  EXPECT_EQ(duration_text(2.5), "2.50 s");
}

TEST(InQuotes, EscapesWhatATerminalWouldActOnAndCuts) {
  EXPECT_EQ(in_quotes("a b"), "'a b'");
  EXPECT_EQ(in_quotes(std::string_view("\x1b[2J\0", 5)), "'\\x1b[2J\\x00'");
  EXPECT_EQ(in_quotes(std::string(1000, 'x')), "'" + std::string(100, 'x') + "'...");
}

TEST(OneLine, JoinsLines) {
  EXPECT_EQ(one_line("  a\n\tb \r\n c\n"), "a b c");
  EXPECT_EQ(one_line(""), "");
}

TEST(Shortened, KeepsWholeCharacters) {
  EXPECT_EQ(shortened("1x3x48x320", 10), "1x3x48x320");
  EXPECT_EQ(shortened("1x3x48x320", 9), "1x3x48...");
  EXPECT_EQ(shortened("12345\u00e9890", 9), "12345...") << "not half of an e with an accent";
  EXPECT_EQ(shortened("12345\u00e98901", 10), "12345\u00e9...");
}

TEST(ShellCommand, QuotesWhatAShellWouldSplit) {
  const char* arguments[] = {"replayrt", "bench", "my model.onnx", "--shapes", "a:1;b:2",
                             "it's",     ""};
  EXPECT_EQ(shell_command(7, arguments),
            "replayrt bench 'my model.onnx' --shapes 'a:1;b:2' 'it'\\''s' ''");
}

TEST(Wrap, BreaksAtSpacesWhereItMust) {
  EXPECT_EQ(wrap("", 5), "");
  EXPECT_EQ(wrap("one two three", 13), "one two three");
  EXPECT_EQ(wrap("one two three", 12), "one two\nthree");
  EXPECT_EQ(wrap("one two three", 3), "one\ntwo\nthree");
  EXPECT_EQ(wrap("longword one", 4), "longword\none");
  EXPECT_EQ(wrap("a\n\nb c", 1), "a\n\nb\nc");
}

TEST(Wrap, IndentsTheFurtherLinesOfAnItem) {
  EXPECT_EQ(wrap("- one two three", 9), "- one two\n  three");
  EXPECT_EQ(wrap("  one two three", 7), "  one\n  two\n  three");
  EXPECT_EQ(wrap("- longword", 4), "- longword");
}

}  // namespace
}  // namespace replayrt::cli
