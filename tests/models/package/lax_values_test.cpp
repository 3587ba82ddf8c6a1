#include "models/package/lax_values.hpp"

#include <gtest/gtest.h>

#include <string>

namespace replayrt::models {
namespace {

// The tables are what pydantic 2.14 answers.

TEST(PackageLaxValuesTest, IntegersAreReadAsPydanticReadsThem) {
  const struct {
    std::string_view text;
    std::int64_t value;
  } rows[] = {
      {"412", 412},
      {"+412", 412},
      {"-412", -412},
      {" 412 ", 412},
      {"\t7\n", 7},
      {"0412", 412},
      {"00", 0},
      {"1_000", 1000},
      {"4.0", 4},
      {"4.00", 4},
      {"-0", 0},
      {"-0.0", 0},
      {"+4.0", 4},
      {" 4.0 ", 4},
      {"1_0.0", 10},
      {"\u00A04", 4},
      {"\u20034", 4},
      {"0_1", 1},
      {"\x0B"
       "4\x0C",
       4},
      {"\u00854", 4},
      {"000.0", 0},
      {"+0_0.0", 0},
      {"00000000000000000000001", 1},
      {"9223372036854775807", 9223372036854775807},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(parse_lax_integer(row.text).value, row.value) << row.text;
  }
  for (const std::string_view text : {"1__0",
                                      "_1",
                                      "4.",
                                      "4.5",
                                      ".0",
                                      "1e3",
                                      "0x10",
                                      "",
                                      "٣",
                                      "4 2",
                                      "+ 4",
                                      "--4",
                                      "+-4",
                                      "-",
                                      "+",
                                      "4.0_0",
                                      "_",
                                      "1_",
                                      "4.0e0",
                                      "1 .0",
                                      "+_1",
                                      "-_1",
                                      "1_.0",
                                      "1._0",
                                      "\x1C"
                                      "4",
                                      "\u200B4",
                                      "\uFEFF4",
                                      "4\x1F",
                                      "１",
                                      "nan",
                                      "inf",
                                      "true",
                                      ".",
                                      "1..0"}) {
    EXPECT_EQ(parse_lax_integer(text).value, std::nullopt) << text;
    EXPECT_TRUE(parse_lax_integer(text).fits) << text;
  }
  EXPECT_EQ(parse_lax_integer(std::string_view("4\0", 2)).value, std::nullopt);
}

TEST(PackageLaxValuesTest, IntegersOfMoreThan64BitsAreTold) {
  for (const std::string_view text : {"9223372036854775808", "-99999999999999999999999"}) {
    EXPECT_EQ(parse_lax_integer(text).value, std::nullopt) << text;
    EXPECT_FALSE(parse_lax_integer(text).fits) << text;
  }
}

TEST(PackageLaxValuesTest, NumbersAreReadAsPydanticReadsThem) {
  const struct {
    std::string_view text;
    double value;
  } rows[] = {
      {"0.5", 0.5},
      {" 0.5 ", 0.5},
      {"+.5", 0.5},
      {"5.", 5},
      {"1e3", 1000},
      {"1E3", 1000},
      {"1_0", 10},
      {"1_0.5", 10.5},
      {"\t1\n", 1},
      {"+1", 1},
      {"-1", -1},
      {"1_e1", 10},
      {"1e1_0", 1e10},
      {"\u00A01", 1},
      {"1_.5", 1.5},
      {"1._5", 1.5},
      {"1e_5", 1e5},
      {"-_5", -5},
      {"1e+5", 1e5},
      {"00.5", 0.5},
      {"1e-5", 1e-5},
      {"-0.25", -0.25},
      {"1_000.000_1", 1000.0001},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(parse_lax_number(row.text), row.value) << row.text;
  }
  for (const std::string_view text : {"0x1",
                                      "",
                                      "abc",
                                      "1 2",
                                      "_1",
                                      "1_",
                                      "1e",
                                      "e1",
                                      ".",
                                      "1__0",
                                      "--1",
                                      "+ 1",
                                      "٣",
                                      "1f",
                                      "1d",
                                      "infi",
                                      "\x1C"
                                      "4",
                                      "_nan",
                                      "1e+",
                                      "-",
                                      "+",
                                      "1.5.0",
                                      "true"}) {
    EXPECT_EQ(parse_lax_number(text), std::nullopt) << text;
  }
}

TEST(PackageLaxValuesTest, NumbersMustBeFinite) {
  for (const std::string_view text :
       {"inf", "-inf", "nan", "NaN", "Infinity", "infinity", "1e400", "+inf", "in_f", "na_n"}) {
    EXPECT_EQ(parse_lax_number(text), std::nullopt) << text;
  }
}

TEST(PackageLaxValuesTest, BooleansAreReadAsPydanticReadsThem) {
  for (const std::string_view text :
       {"1", "yes", "YES", "Yes", "on", "t", "T", "y", "true", "True", "TRUE", "tRuE"}) {
    EXPECT_EQ(parse_lax_boolean(text), true) << text;
  }
  for (const std::string_view text : {"0", "no", "off", "f", "F", "n", "false", "FALSE"}) {
    EXPECT_EQ(parse_lax_boolean(text), false) << text;
  }
  for (const std::string_view text :
       {"2", " true", "true ", "", "on\n", "01", "1.0", "yess", "falsehood", "ok"}) {
    EXPECT_EQ(parse_lax_boolean(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace replayrt::models
