#include "fakes/tensorrt/control.hpp"

#include <utility>

#include "fakes/tensorrt/state.hpp"

namespace replayrt::fakes::tensorrt {

State& State::instance() {
  static State state;
  return state;
}

void State::violate(std::string text) {
  const std::lock_guard lock(mutex);
  violations.push_back(std::move(text));
}

void report(nvinfer1::ILogger& logger, const char* function, const std::string& text) {
  const std::string message = "IExecutionContext::" + std::string(function) + ": " + text;
  logger.log(nvinfer1::ILogger::Severity::kERROR, message.c_str());
}

bool may_proceed(nvinfer1::ILogger& logger, const char* function) {
  State& state = State::instance();
  {
    const std::lock_guard lock(state.mutex);
    ++state.calls[function];
    if (state.countdown == 0 || --state.countdown != 0) {
      return true;
    }
    state.failed = function;
  }
  report(logger, function, "Error Code 1: injected failure");
  return false;
}

void reset() {
  State& state = State::instance();
  const std::lock_guard lock(state.mutex);
  state.countdown = 0;
  state.failed.clear();
  state.calls.clear();
  state.violations.clear();
  state.last_build.reset();
}

void fail_call(std::int64_t n) {
  State& state = State::instance();
  const std::lock_guard lock(state.mutex);
  state.countdown = n;
  state.failed.clear();
}

std::string failed_call() {
  State& state = State::instance();
  const std::lock_guard lock(state.mutex);
  return state.failed;
}

std::int64_t call_count(std::string_view function) {
  State& state = State::instance();
  const std::lock_guard lock(state.mutex);
  std::int64_t count = 0;
  for (const auto& [name, calls] : state.calls) {
    count += function.empty() || name == function ? calls : 0;
  }
  return count;
}

Live live() {
  const State& state = State::instance();
  return {state.runtimes, state.engines, state.contexts, state.builders};
}

std::vector<std::string> violations() {
  State& state = State::instance();
  const std::lock_guard lock(state.mutex);
  return state.violations;
}

std::vector<std::string> take_violations() {
  State& state = State::instance();
  const std::lock_guard lock(state.mutex);
  return std::exchange(state.violations, {});
}

std::optional<Build> last_build() {
  State& state = State::instance();
  const std::lock_guard lock(state.mutex);
  return state.last_build;
}

std::string version() {
  return std::to_string(NV_TENSORRT_MAJOR) + "." + std::to_string(NV_TENSORRT_MINOR) + ".0";
}

}  // namespace replayrt::fakes::tensorrt
