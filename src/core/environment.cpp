#include "core/environment.hpp"

#include <algorithm>
#include <cstdlib>

#include "replayrt/core/error.hpp"

namespace replayrt::detail {
namespace {

/// ASCII only, so that the process's locale cannot change the rule.
bool equal_in_any_case(std::string_view value, std::string_view lower) {
  return std::equal(value.begin(), value.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace

bool parse_environment_bool(const std::string& variable, std::optional<std::string_view> value,
                            bool fallback) {
  if (!value.has_value()) {
    return fallback;
  }
  if (equal_in_any_case(*value, "true")) {
    return true;
  }
  if (equal_in_any_case(*value, "false")) {
    return false;
  }
  throw Error(ErrorCode::kInvalidEnvVariable, "environment variable " + variable + " is '" +
                                                  std::string(*value) +
                                                  "': expected true or false");
}

bool environment_bool(const std::string& variable, bool fallback) {
  const char* value = std::getenv(variable.c_str());
  return parse_environment_bool(
      variable, value == nullptr ? std::nullopt : std::optional<std::string_view>(value), fallback);
}

}  // namespace replayrt::detail
