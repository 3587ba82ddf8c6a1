#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace replayrt {

enum class DeviceType : std::uint8_t { kCpu, kCuda };

/// Where a tensor lies or an engine runs. "cuda" and "cuda:0" are the same device.
struct Device {
  DeviceType type = DeviceType::kCpu;
  std::int32_t index = 0;

  /// Reads "cpu", "cuda" or "cuda:N". Throws Error(kInvalidParameter) that quotes `text`.
  static Device parse(std::string_view text);

  /// "cpu" or "cuda:N".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Device&, const Device&) = default;
};

}  // namespace replayrt
