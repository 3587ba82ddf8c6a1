#include "backends/tensorrt/options.hpp"

#include <string>

#include "backends/tensorrt/api.hpp"

namespace replayrt::tensorrt {

std::int32_t device_of(const std::string& device) {
  if (device == "auto") {
    return 0;
  }
  const Device parsed = Device::parse(device);
  if (parsed.type != DeviceType::kCuda) {
    throw Error(ErrorCode::kInvalidParameter,
                "device is '" + device + "': TensorRT needs auto, cuda or cuda:N");
  }
  return parsed.index;
}

void require_supported(const LoadOptions& options) {
  constexpr std::int64_t kMostSlots = 64;
  if (options.precision != Precision::kF32 && options.precision != Precision::kAuto) {
    throw Error(ErrorCode::kUnsupported,
                "the precision of a TensorRT plan is chosen when it is built: expected f32, the "
                "default, or auto");
  }
  if (options.inference_threads != 0) {
    throw Error(ErrorCode::kUnsupported, "inference_threads is " +
                                             std::to_string(options.inference_threads) +
                                             ": backend tensorrt runs on the GPU and takes only 0");
  }
  if (!options.edits.argmax.empty()) {
    throw Error(ErrorCode::kUnsupported,
                "graph edit argmax of output '" + options.edits.argmax.front().output +
                    "': a TensorRT plan cannot be changed once it is built");
  }
  if (!options.edits.image_inputs.empty()) {
    throw Error(ErrorCode::kUnsupported,
                "graph edit image_inputs of input '" + options.edits.image_inputs.front().input +
                    "': a TensorRT plan cannot be changed once it is built");
  }
  const std::int64_t slots = options.tensorrt.activation_slots;
  if (slots < 1 || slots > kMostSlots) {
    throw Error(ErrorCode::kInvalidParameter, "tensorrt.activation_slots is " +
                                                  std::to_string(slots) + ": expected 1 to " +
                                                  std::to_string(kMostSlots));
  }
  if (options.tensorrt.engine_host_code_allowed && !kHasHostCode) {
    throw Error(ErrorCode::kUnsupported,
                "tensorrt.engine_host_code_allowed needs TensorRT 8.6: this build is for " +
                    kHeaders.to_string());
  }
}

}  // namespace replayrt::tensorrt
