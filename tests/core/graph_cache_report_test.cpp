#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replayrt/core/graph_cache_stats.hpp"

namespace replayrt {
namespace {

using testing::HasSubstr;

TEST(GraphCacheReportTest, AnEmptyReportHasEmptyLists) {
  const std::string json = to_json(GraphCacheReport{});
  EXPECT_THAT(json, testing::StartsWith("{\"totals\": {\"calls\": 0, "));
  EXPECT_THAT(json, testing::EndsWith("\"engines\": [], \"keys\": []}"));
}

TEST(GraphCacheReportTest, TimesAreMillisecondsAndTextIsQuoted) {
  GraphCacheReport report;
  report.totals.time_saved = std::chrono::microseconds(-1500);
  report.engines.push_back({.engine = 7, .calls = 3});
  report.engines.push_back({.engine = 8});
  KeyStats key(GraphKey(7, Device{}, {{DType::kF32, Shape{1, 8}}}));
  key.held = true;
  key.mean_eager_time = std::chrono::nanoseconds(2'000'001);
  report.keys.push_back(key);
  key.refusal = Refusal{Reason::kMismatch, "a \"quote\", a \\ and a line\nbreak"};
  report.keys.push_back(key);
  const std::string json = to_json(report);
  EXPECT_THAT(json, HasSubstr("\"time_saved_ms\": -1.500000}"));
  EXPECT_THAT(json, HasSubstr("[{\"engine\": 7, \"calls\": 3, "));
  EXPECT_THAT(json, HasSubstr("}, {\"engine\": 8, "));
  EXPECT_THAT(json, HasSubstr("\"held\": true, "));
  EXPECT_THAT(json, HasSubstr("\"mean_eager_time_ms\": 2.000001, "));
  EXPECT_THAT(json, HasSubstr("\"refusal\": null}, "));
  EXPECT_THAT(json, HasSubstr("{\"reason\": \"mismatch\", \"message\": "
                              "\"a \\\"quote\\\", a \\\\ and a line\\u000abreak\"}}]}"));
}

}  // namespace
}  // namespace replayrt
