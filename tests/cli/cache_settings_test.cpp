#include "cache_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error.hpp"

namespace replayrt::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

TEST(ParseAdmission, RefusalsNameTheFlag) {
  EXPECT_EQ(parse_admission("x", "sightings:3"), Admission::sightings(3));
  for (const char* text : {"", "never", "sightings:0", "line\nbreak"}) {
    EXPECT_THAT([&] { parse_admission("--admission", text); },
                ThrowsMessage<UsageError>(AllOf(
                    HasSubstr("--admission: expected always, sightings:N with N of at least 1, or "
                              "pays_back, got '"),
                    Not(HasSubstr("\n")))));
  }
}

TEST(ParseEviction, ReadsWhatItWritesAndNamesTheFlag) {
  EXPECT_EQ(parse_eviction("x", "lru"), Eviction::kLeastRecentlyUsed);
  EXPECT_EQ(parse_eviction("x", "cost_aware"), Eviction::kCostAware);
  for (const char* text : {"lru", "cost_aware"}) {
    EXPECT_EQ(to_string(parse_eviction("x", text)), text);
  }
  for (const char* text : {"", "LRU", "cost-aware", "lru\n"}) {
    EXPECT_THAT(
        [&] { parse_eviction("--eviction", text); },
        ThrowsMessage<UsageError>(AllOf(HasSubstr("--eviction: expected lru or cost_aware, got '"),
                                        Not(HasSubstr("\n")))));
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
