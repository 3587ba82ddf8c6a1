#include "replayrt/core/log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

TEST(LogTest, OnlyMessagesOfTheLevelArrive) {
  std::vector<std::string> seen;
  const auto sink = [&](LogLevel level, std::string_view text) {
    seen.push_back(std::string(to_string(level)) + " " + std::string(text));
  };
  set_log_sink(sink, LogLevel::kInfo);
  log(LogLevel::kDebug, "a");
  log(LogLevel::kInfo, "b");
  log(LogLevel::kError, "c");
  EXPECT_TRUE(log_enabled(LogLevel::kInfo));
  EXPECT_FALSE(log_enabled(LogLevel::kDebug));
  set_log_sink(sink, LogLevel::kOff);
  log(LogLevel::kError, "d");
  set_log_sink({}, LogLevel::kDebug);
  log(LogLevel::kError, "e");
  EXPECT_EQ(seen, (std::vector<std::string>{"info b", "error c"}));
}

TEST(LogTest, LevelsAreTheirNames) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError, LogLevel::kOff}) {
    EXPECT_EQ(log_level_from_string(to_string(level)), level);
  }
  try {
    log_level_from_string("loud");
    FAIL() << "no level";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidParameter);
    EXPECT_NE(std::string(error.what()).find("'loud'"), std::string::npos);
  }
}

TEST(LogTest, ASinkMayChangeTheSink) {
  int calls = 0;
  set_log_sink(
      [&](LogLevel, std::string_view) {
        ++calls;
        set_log_sink({}, LogLevel::kOff);
      },
      LogLevel::kInfo);
  log(LogLevel::kInfo, "first");
  log(LogLevel::kInfo, "second");
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace replayrt
