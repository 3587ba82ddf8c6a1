#include "models/package/text.hpp"

#include <gtest/gtest.h>

namespace replayrt::models {
namespace {

TEST(PackageTextTest, QuotesStayOnOneLine) {
  EXPECT_EQ(in_quotes("plain"), "'plain'");
  EXPECT_EQ(in_quotes("żółw"), "'żółw'");
  EXPECT_EQ(in_quotes("a\nb\x1b"), "'a\\x0ab\\x1b'");
  EXPECT_EQ(in_quotes("\xFF\xC3"), "'\\xff\\xc3'");
  EXPECT_EQ(in_quotes("\u2028\u0085"), "'\\xe2\\x80\\xa8\\xc2\\x85'");
  EXPECT_EQ(in_quotes(std::string(200, 'x')), "'" + std::string(80, 'x') + "…'");
  EXPECT_EQ(one_line(std::string(200, 'x') + "\n"), std::string(200, 'x') + "\\x0a");
}

TEST(PackageTextTest, Joins) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "b", "c"}, ", "), "a, b, c");
}

TEST(PackageTextTest, StripsWhatPythonStrips) {
  EXPECT_EQ(strip(" \t\r\v\f cat dog \r", Whitespace::kPython), "cat dog");
  EXPECT_EQ(strip("\u00A0\u3000\u2003cat\u2028\u0085", Whitespace::kPython), "cat");
  EXPECT_EQ(strip("\x1C\x1F"
                  "cat\x1D",
                  Whitespace::kPython),
            "cat");
  EXPECT_EQ(strip("\x1C"
                  "cat",
                  Whitespace::kUnicode),
            "\x1C"
            "cat");
  // Neither a zero width space nor a byte order mark is whitespace.
  EXPECT_EQ(strip("\u200Bcat\uFEFF", Whitespace::kPython), "\u200Bcat\uFEFF");
  EXPECT_EQ(strip("  \u3000 ", Whitespace::kPython), "");
  EXPECT_EQ(strip("", Whitespace::kPython), "");
}

TEST(PackageTextTest, FindsInvalidUtf8) {
  EXPECT_EQ(first_invalid_utf8("żółw 🐢"), std::nullopt);
  EXPECT_EQ(first_invalid_utf8(""), std::nullopt);
  EXPECT_EQ(first_invalid_utf8("ab\x80"), 2U);
  for (const std::string_view text : {
           "\xC0\x80",          // Overlong.
           "\xE0\x80\x80",      // Overlong.
           "\xF0\x80\x80\x80",  // Overlong.
           "\xED\xA0\x80",      // A surrogate.
           "\xF4\x90\x80\x80",  // Beyond the last character.
           "\xF8\x88\x80\x80\x80",
           "\xE2\x82",  // Cut off.
           "\xE2\x28\xA1",
           "\xFF\xFE",
       }) {
    EXPECT_EQ(first_invalid_utf8(text), 0U) << in_quotes(text);
  }
}

TEST(PackageTextTest, GuessesWhatWasMeant) {
  const std::vector<std::string> known = {"static-crop", "auto-orient", "contrast", "type"};
  EXPECT_EQ(similar_text("static_crop", known), "static-crop");
  EXPECT_EQ(similar_text("staticCrop", known), "static-crop");
  EXPECT_EQ(similar_text("auto_orients", known), "auto-orient");
  EXPECT_EQ(similar_text("contrats", known), "contrast");
  EXPECT_EQ(similar_text("typ", known), "type");
  EXPECT_EQ(similar_text("tips", known), std::nullopt);
  EXPECT_EQ(similar_text("preproc", known), std::nullopt);
  EXPECT_EQ(similar_text(std::string(1000, 'x'), known), std::nullopt);
}

}  // namespace
}  // namespace replayrt::models
