#pragma once

#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt::cli {

/// The command line itself is wrong, whatever the files hold: the program ends with exit code 2.
class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(ErrorCode::kInvalidParameter, message) {}
};

}  // namespace replayrt::cli
