#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replayrt/load_engine.hpp"

namespace replayrt {
namespace {

TEST(Precision, NamesGoBothWays) {
  for (const std::string_view name : {"f32", "f16", "bf16", "auto"}) {
    EXPECT_EQ(to_string(precision_from_string(name)), name);
  }
  EXPECT_EQ(precision_from_string("bf16"), Precision::kBf16);
  EXPECT_EQ(to_string(static_cast<Precision>(99)), "unknown");
}

TEST(Precision, AnUnknownNameIsQuoted) {
  for (const std::string_view name : {"F32", "fp32", "", "f8"}) {
    try {
      static_cast<void>(precision_from_string(name));
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidParameter);
      EXPECT_THAT(error.what(), testing::HasSubstr("'" + std::string(name) + "'"));
      EXPECT_THAT(error.what(), testing::HasSubstr("f32, f16, bf16 or auto"));
    }
  }
}

}  // namespace
}  // namespace replayrt
