#include "progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <utility>

namespace replayrt::cli {
namespace {

constexpr std::int64_t kWidth = 30;
constexpr std::chrono::milliseconds kRedraw{100};

// Log messages come from any thread and must not be written into the bar's line.
std::atomic<bool> g_on_screen{false};

}  // namespace

ProgressBar::ProgressBar(std::string title, std::int64_t steps)
    : title_(std::move(title)), steps_(steps), enabled_(steps > 0 && ::isatty(STDERR_FILENO) == 1) {
  if (enabled_) {
    draw(start_);
  }
}

ProgressBar::~ProgressBar() {
  clear_line();
}

void ProgressBar::advance(std::int64_t steps) {
  done_ += steps;
  const Clock::time_point now = enabled_ ? Clock::now() : Clock::time_point{};
  if (enabled_ && now - drawn_ >= kRedraw) {
    draw(now);
  }
}

void ProgressBar::clear_line() {
  if (g_on_screen.exchange(false)) {
    std::fputs("\r\x1b[K", stderr);
  }
}

void ProgressBar::draw(Clock::time_point now) {
  drawn_ = now;
  const std::int64_t filled = done_ * kWidth / steps_;
  std::string line = fmt::format("\r\x1b[K{} [{:#<{}}{:.<{}}] {}/{}", title_, "", filled, "",
                                 kWidth - filled, done_, steps_);
  if (done_ > 0) {
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    line += fmt::format(", {:.0f} s left",
                        elapsed * static_cast<double>(steps_ - done_) / static_cast<double>(done_));
  }
  g_on_screen = true;
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace replayrt::cli
