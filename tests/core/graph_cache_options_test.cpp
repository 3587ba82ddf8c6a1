#include "replayrt/core/graph_cache_options.hpp"

#include "core/expect_error.hpp"

namespace replayrt {
namespace {

TEST(AdmissionTextTest, ReadsWhatItWrites) {
  for (const char* text : {"always", "sightings:1", "sightings:9223372036854775807", "pays_back"}) {
    EXPECT_EQ(Admission::parse(text).to_string(), text);
  }
  EXPECT_EQ(Admission::parse("always"), Admission::always());
  EXPECT_EQ(Admission::parse("sightings:3"), Admission::sightings(3));
  EXPECT_EQ(Admission::parse("pays_back"), Admission::pays_back());
}

TEST(AdmissionTextTest, OthersAreQuoted) {
  for (const char* text :
       {"", "Always", "always ", "never", "sightings", "sightings=2", "2",
        "sightings:", "sightings:0", "sightings:-1", "sightings:x", "sightings:2x", "sightings: 2",
        "sightings:1.5", "sightings:9223372036854775808"}) {
    expect_error(ErrorCode::kInvalidParameter,
                 {"'" + std::string(text) + "'", "always, sightings:N", "pays_back"},
                 [&] { Admission::parse(text); });
  }
}

TEST(EvictionTextTest, ReadsWhatItWritesAndQuotesOthers) {
  EXPECT_EQ(eviction_from_string("lru"), Eviction::kLeastRecentlyUsed);
  EXPECT_EQ(eviction_from_string("cost_aware"), Eviction::kCostAware);
  for (const char* text : {"lru", "cost_aware"}) {
    EXPECT_EQ(to_string(eviction_from_string(text)), text);
  }
  for (const char* text : {"", "LRU", "lru ", "cost-aware"}) {
    expect_error(ErrorCode::kInvalidParameter, {"'" + std::string(text) + "'", "lru or cost_aware"},
                 [&] { eviction_from_string(text); });
  }
}

}  // namespace
}  // namespace replayrt
