#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace replayrt::detail {

/// The reference's rule for a boolean environment variable: unset (nullopt) gives `fallback`; the
/// whole value, in any case, must be "true" or "false". All else, blanks and "1" included, throws
/// Error(kInvalidEnvVariable) that names `variable` and the value.
bool parse_environment_bool(const std::string& variable, std::optional<std::string_view> value,
                            bool fallback);

/// `parse_environment_bool` on the process's environment.
bool environment_bool(const std::string& variable, bool fallback);

}  // namespace replayrt::detail
