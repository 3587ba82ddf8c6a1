#include "replayrt/core/device.hpp"

#include <charconv>

#include "replayrt/core/error.hpp"

namespace replayrt {

Device Device::parse(std::string_view text) {
  if (text == "cpu") {
    return {DeviceType::kCpu, 0};
  }
  if (text == "cuda") {
    return {DeviceType::kCuda, 0};
  }
  constexpr std::string_view kPrefix = "cuda:";
  if (text.starts_with(kPrefix)) {
    Device device{DeviceType::kCuda, 0};
    const char* const end = text.data() + text.size();
    const auto [next, error] = std::from_chars(text.data() + kPrefix.size(), end, device.index);
    if (error == std::errc() && next == end && device.index >= 0) {
      return device;
    }
  }
  throw Error(ErrorCode::kInvalidParameter,
              "device '" + std::string(text) + "' is unknown: expected cpu, cuda or cuda:N");
}

std::string Device::to_string() const {
  return type == DeviceType::kCpu ? "cpu" : "cuda:" + std::to_string(index);
}

}  // namespace replayrt
