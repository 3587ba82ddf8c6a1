#include "cache_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error.hpp"

namespace replayrt::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ParseAdmission, ReadsWhatItWrites) {
  for (const char* text : {"always", "sightings:1", "sightings:9223372036854775807", "pays_back"}) {
    EXPECT_EQ(to_string(parse_admission("x", text)), text);
  }
  EXPECT_EQ(parse_admission("x", "always"), Admission::always());
  EXPECT_EQ(parse_admission("x", "sightings:3"), Admission::sightings(3));
  EXPECT_EQ(parse_admission("x", "pays_back"), Admission::pays_back());
}

TEST(ParseAdmission, RefusesAllElseAndNamesTheFlag) {
  for (const char* text : {"", "Always", "always ", "never", "sightings", "sightings=2", "2"}) {
    EXPECT_THAT([&] { parse_admission("--admission", text); },
                ThrowsMessage<UsageError>(
                    AllOf(HasSubstr("--admission: expected always, sightings:N or pays_back"),
                          HasSubstr(std::string("'") + text + "'"))));
  }
  for (const char* count : {"", "0", "-1", "x", "2x", " 2", "1.5", "9223372036854775808"}) {
    EXPECT_THAT([&] { parse_admission("--admission", std::string("sightings:") + count); },
                ThrowsMessage<UsageError>(AllOf(
                    HasSubstr("--admission: sightings: expected a whole number of at least 1"),
                    HasSubstr(std::string("'") + count + "'"))));
  }
}

TEST(ParseCaptureMode, ReadsWhatItWritesAndRefusesAllElse) {
  EXPECT_EQ(parse_capture_mode("x", "inline"), CaptureMode::kInline);
  EXPECT_EQ(parse_capture_mode("x", "background"), CaptureMode::kBackground);
  for (const char* text : {"inline", "background"}) {
    EXPECT_EQ(to_string(parse_capture_mode("x", text)), text);
  }
  for (const char* text : {"", "Inline", "thread"}) {
    EXPECT_THAT([&] { parse_capture_mode("--capture", text); },
                ThrowsMessage<UsageError>(HasSubstr("--capture: expected inline or background")));
  }
}

TEST(ParseVerification, ReadsWordsAndProbabilities) {
  EXPECT_EQ(parse_verification("x", "first").probability, 1);
  EXPECT_EQ(parse_verification("x", "1").probability, 1);
  EXPECT_EQ(parse_verification("x", "off").probability, 0);
  EXPECT_EQ(parse_verification("x", "0").probability, 0);
  EXPECT_EQ(parse_verification("x", "0.25").probability, 0.25);
  for (const char* text : {"first", "off", "0.25"}) {
    EXPECT_EQ(to_string(parse_verification("x", text)), text);
  }
}

TEST(ParseVerification, RefusesAllElseAndNamesTheFlag) {
  for (const char* text : {"", "always", "-0.1", "1.01", "nan", "inf", "0.5x", " 0.5", "50%"}) {
    EXPECT_THAT([&] { parse_verification("--verify", text); },
                ThrowsMessage<UsageError>(
                    AllOf(HasSubstr("--verify: expected first, off or a probability from 0 to 1"),
                          HasSubstr(std::string("'") + text + "'"))));
  }
}

}  // namespace
}  // namespace replayrt::cli
