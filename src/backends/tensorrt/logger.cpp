#include "backends/tensorrt/logger.hpp"

#include <algorithm>
#include <string_view>

#include "replayrt/core/log.hpp"

namespace replayrt::tensorrt {
namespace {

using Severity = nvinfer1::ILogger::Severity;

LogLevel level_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::kVERBOSE:
      return LogLevel::kDebug;
    case Severity::kINFO:
      return LogLevel::kInfo;
    case Severity::kWARNING:
      return LogLevel::kWarning;
    default:
      return LogLevel::kError;
  }
}

/// TensorRT 8 says so, dozens of times per context, of how it itself translates names to bindings
/// where a plan has several profiles.
bool is_own_noise(std::string_view message) noexcept {
  return message.find("getProfileDimensions: bindingIndex") != std::string_view::npos;
}

}  // namespace

Logger::Recording::Recording(Logger& logger, Pass pass) : logger_(logger), pass_(pass) {
  const std::lock_guard lock(logger_.mutex_);
  logger_.recordings_.push_back(this);
}

Logger::Recording::~Recording() {
  const std::lock_guard lock(logger_.mutex_);
  std::erase(logger_.recordings_, this);
}

std::string Logger::Recording::text() const {
  const std::lock_guard lock(logger_.mutex_);
  std::string text;
  for (const std::string& line : lines_) {
    text.append(text.empty() ? "" : "; ").append(line);
  }
  return text;
}

void Logger::log(Severity severity, nvinfer1::AsciiChar const* message) noexcept {
  try {
    const LogLevel level = is_own_noise(message) ? LogLevel::kDebug : level_of(severity);
    {
      const std::lock_guard lock(mutex_);
      const auto recording =
          std::find_if(recordings_.rbegin(), recordings_.rend(), [](const Recording* candidate) {
            return candidate->thread_ == std::this_thread::get_id();
          });
      if (recording != recordings_.rend() && level != LogLevel::kDebug) {
        std::vector<std::string>& lines = (*recording)->lines_;
        if (lines.size() == Recording::kMostLines) {
          lines.erase(lines.begin());
        }
        lines.push_back("[" + std::string(to_string(level)) + "] " + message);
      }
      if (recording != recordings_.rend() && (*recording)->pass_ == Recording::Pass::kKeepBack) {
        return;
      }
    }
    if (log_enabled(level)) {
      replayrt::log(level, std::string("TensorRT: ") + message);
    }
  } catch (
      ...) {  // NOLINT(bugprone-empty-catch): no memory for a message; TensorRT expects no throw.
  }
}

std::string with_messages(const std::string& doing, const Logger::Recording& recording) {
  const std::string said = recording.text();
  return said.empty() ? doing : doing + ": " + said;
}

}  // namespace replayrt::tensorrt
