#include "replayrt/core/log.hpp"

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

#include "core/annotated_mutex.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

void to_standard_error(LogLevel level, std::string_view message) {
  const std::string_view name = to_string(level);
  std::fprintf(stderr, "replayrt: %.*s: %.*s\n", static_cast<int>(name.size()), name.data(),
               static_cast<int>(message.size()), message.data());
}

struct LogState {
  detail::Mutex mutex;
  std::shared_ptr<const LogSink> sink REPLAYRT_GUARDED_BY(mutex) =
      std::make_shared<const LogSink>(to_standard_error);
  std::atomic<LogLevel> level{LogLevel::kWarning};
};

LogState& log_state() {
  // Never destroyed: threads may log while the process exits.
  static LogState& state = *new LogState;
  return state;
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      return "off";
  }
  return "unknown";
}

LogLevel log_level_from_string(std::string_view text) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError, LogLevel::kOff}) {
    if (to_string(level) == text) {
      return level;
    }
  }
  throw Error(ErrorCode::kInvalidParameter,
              "log level '" + std::string(text) + "': expected debug, info, warning, error or off");
}

void set_log_sink(LogSink sink, LogLevel level) {
  LogState& state = log_state();
  auto next = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  const detail::MutexLock lock(state.mutex);
  state.sink.swap(next);
  state.level = level;
}

void log(LogLevel level, std::string_view message) noexcept {
  if (!log_enabled(level)) {
    return;
  }
  std::shared_ptr<const LogSink> sink;
  {
    LogState& state = log_state();
    const detail::MutexLock lock(state.mutex);
    sink = state.sink;
  }
  if (sink != nullptr) {
    (*sink)(level, message);
  }
}

bool log_enabled(LogLevel level) noexcept {
  return level != LogLevel::kOff && level >= log_state().level.load();
}

}  // namespace replayrt
