#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backends/tensorrt/api.hpp"

namespace replayrt::tensorrt {

/// Passes TensorRT's messages on to ReplayRT's log, and keeps those of a call for the error that
/// the call may end in. Outlives every TensorRT object that it was given to. Thread-safe.
class Logger final : public nvinfer1::ILogger {
 public:
  /// While it lives, messages that are logged on its thread are kept: info and more severe ones,
  /// the last kMostLines of them. May nest; the innermost keeps.
  class Recording {
   public:
    static constexpr std::size_t kMostLines = 200;
    enum class Pass : bool {
      kOn,        ///< The messages go to the log, too.
      kKeepBack,  ///< They do not: what TensorRT is asked is likely to be refused.
    };

    explicit Recording(Logger& logger, Pass pass = Pass::kOn);
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    /// "[error] …; [warning] …", what was logged so far; empty if nothing.
    [[nodiscard]] std::string text() const;

   private:
    friend class Logger;
    Logger& logger_;
    const std::thread::id thread_ = std::this_thread::get_id();
    const Pass pass_;
    std::vector<std::string> lines_;  ///< Guarded by the logger's mutex.
  };

  void log(Severity severity, nvinfer1::AsciiChar const* message) noexcept override;

 private:
  mutable std::mutex mutex_;
  std::vector<Recording*> recordings_;  ///< The innermost of a thread last.
};

/// `doing` and, after it, what TensorRT said meanwhile: the text of an error.
std::string with_messages(const std::string& doing, const Logger::Recording& recording);

}  // namespace replayrt::tensorrt
