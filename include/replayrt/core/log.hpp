#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace replayrt {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

/// "debug", "info", "warning", "error", "off"
std::string_view to_string(LogLevel level) noexcept;
/// The inverse. Throws Error(kInvalidParameter) that quotes `text`.
LogLevel log_level_from_string(std::string_view text);

/// Receives messages; called from any thread, never under a lock of ReplayRT. Must not throw.
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Sends messages of at least `level` to `sink`, from now on and in the whole process; an empty
/// sink sends them nowhere. At first warnings and errors go to standard error. Thread-safe.
void set_log_sink(LogSink sink, LogLevel level);

/// Sends one message, if anybody listens at its level. Thread-safe.
void log(LogLevel level, std::string_view message) noexcept;

/// Whether `log` at this level would reach a sink; lets callers skip building the text.
bool log_enabled(LogLevel level) noexcept;

}  // namespace replayrt
