#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace replayrt::cli {

/// A progress bar on standard error; shows nothing unless that is a terminal. One at a time.
class ProgressBar {
 public:
  ProgressBar(std::string title, std::int64_t steps);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();  ///< Takes the bar off the screen.

  /// So many steps are done. Draws at most ten times a second.
  void advance(std::int64_t steps = 1);

  /// Takes the bar off the screen so that a line can be written; the next step draws it again.
  static void clear_line();

 private:
  using Clock = std::chrono::steady_clock;

  void draw(Clock::time_point now);

  std::string title_;
  std::int64_t steps_;
  std::int64_t done_ = 0;
  bool enabled_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_;
};

}  // namespace replayrt::cli
