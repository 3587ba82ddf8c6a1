#include "replayrt/core/error.hpp"

#include <gtest/gtest.h>

#include <set>

namespace replayrt {
namespace {

TEST(ErrorTest, KeepsCodeAndMessage) {
  const Error error(ErrorCode::kFileAccess, "model.onnx: no such file");
  EXPECT_EQ(error.code(), ErrorCode::kFileAccess);
  EXPECT_STREQ(error.what(), "model.onnx: no such file");
}

TEST(ErrorTest, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInvalidModelInitParameter); ++code) {
    names.insert(to_string(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorCode::kInvalidModelInitParameter) + 1);
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_EQ(to_string(static_cast<ErrorCode>(99)), "unknown");
}

}  // namespace
}  // namespace replayrt
