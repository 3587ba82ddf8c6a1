#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "replayrt/core/error.hpp"

namespace replayrt {

/// Expects that `call` throws an Error of `code` whose message contains every one of `parts`.
template <class Call>
void expect_error(ErrorCode code, const std::vector<std::string>& parts, Call&& call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown, expected " << to_string(code);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    for (const std::string& part : parts) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
          << "'" << part << "' is not in: " << error.what();
    }
  }
}

}  // namespace replayrt
