#include "models/package/version.hpp"

#include <gtest/gtest.h>

namespace replayrt::models {
namespace {

// The tables are what Python's `packaging` answers.
TEST(PackageVersionTest, VersionsAreThoseOfPackaging) {
  for (const std::string_view text : {"8.6",          "1",
                                      "v1.2",         "V1",
                                      "1.0a1",        "1.0-1",
                                      "1.0.post2",    "1.0.dev3",
                                      "1!2.0",        "1.0+cu118",
                                      "1.0+cu_1-8.4", " 1.0 ",
                                      "\t1\n",        "1.0-rc.1",
                                      "1.0c1",        "1.0rev3",
                                      "1.0r",         "1.0-r4",
                                      "1.0preview",   "1.0_alpha_2",
                                      "1.0a",         "1.0a1.post2.dev3+loc",
                                      "35.4.1",       "535.104.05",
                                      "1.0.dev",      "1.0-dev",
                                      "1.0alpha.",    "1.0b2-3",
                                      "1.0pre1",      "1.0post",
                                      "1.0-post1",    "10.3.0.26"}) {
    EXPECT_TRUE(is_version(text)) << text;
  }
  for (const std::string_view text : {"", "abc", "1.", "1..2", "1.0+", "1.0-", "1!", "+1", "1e5",
                                      "١", "1.0+é", "1 0", "v", "1.0+a..b", "1.0.x", "n/a"}) {
    EXPECT_FALSE(is_version(text)) << text;
  }
}

}  // namespace
}  // namespace replayrt::models
