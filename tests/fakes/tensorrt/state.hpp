#pragma once

#include <NvInferRuntime.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fakes/tensorrt/control.hpp"

// What the objects of the double share.
namespace replayrt::fakes::tensorrt {

struct State {
  static State& instance();

  std::mutex mutex;
  std::int64_t countdown = 0;
  std::string failed;
  std::map<std::string, std::int64_t, std::less<>> calls;
  std::vector<std::string> violations;
  std::atomic<int> runtimes{0};
  std::atomic<int> engines{0};
  std::atomic<int> contexts{0};
  std::atomic<int> builders{0};
  std::optional<Build> last_build;

  void violate(std::string text);
};

/// Counts a call that can fail. False: it is to fail, which has been logged.
bool may_proceed(nvinfer1::ILogger& logger, const char* function);

/// Logs an error in TensorRT's manner.
void report(nvinfer1::ILogger& logger, const char* function, const std::string& text);

/// The number of a version, as NV_TENSORRT_VERSION counts.
inline constexpr std::int32_t kVersion = NV_TENSORRT_VERSION;
inline constexpr std::int64_t kAlignment = 256;

inline bool is_aligned(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % kAlignment == 0;
}

}  // namespace replayrt::fakes::tensorrt
