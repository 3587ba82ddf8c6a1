#include "logging.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "error.hpp"
#include "progress.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

}  // namespace

LogLevel parse_log_level(std::string_view text) {
  try {
    return log_level_from_string(text);
  } catch (const Error&) {
    throw UsageError(fmt::format("--log-level: expected debug, info, warning, error or off, got {}",
                                 in_quotes(text)));
  }
}

void start_logging(LogLevel level) {
  auto logger = std::make_shared<spdlog::logger>("replayrt",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog_level(level));
  logger->set_pattern("%H:%M:%S.%e %n: %l: %v");
  set_log_sink(
      [logger](LogLevel at, std::string_view message) {
        ProgressBar::clear_line();
        logger->log(spdlog_level(at), "{}", one_line(message));
      },
      level);
}

}  // namespace replayrt::cli
