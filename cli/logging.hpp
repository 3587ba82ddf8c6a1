#pragma once

#include <string_view>

#include "replayrt/core/log.hpp"

namespace replayrt::cli {

/// Reads "debug", "info", "warning", "error" or "off"; throws UsageError.
LogLevel parse_log_level(std::string_view text);

/// Sends ReplayRT's messages of at least `level` to standard error, one line each.
void start_logging(LogLevel level);

}  // namespace replayrt::cli
