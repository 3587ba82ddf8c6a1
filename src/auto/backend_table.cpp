#include "auto/backend_table.hpp"

#include <array>
#include <string>

#include "backends/openvino/backend.hpp"
#include "backends/tensorrt/backend.hpp"

namespace replayrt::detail {

std::span<const Backend> backend_table() {
  static constexpr std::array<Backend, 2> kBackends = {{
      {.name = "openvino",
       .extensions = ".onnx, .xml (OpenVINO IR)",
       .device = DeviceType::kCpu,
       .reads =
           [](std::string_view extension) { return extension == ".onnx" || extension == ".xml"; },
       .load = openvino::load_backend,
       .describe = openvino::describe,
       .make_stream = nullptr},
      {.name = "tensorrt",
       .extensions = ".plan, .engine (TensorRT plan)",
       .device = DeviceType::kCuda,
       .reads =
           [](std::string_view extension) {
             return extension == ".plan" || extension == ".engine";
           },
       .load = tensorrt::load_backend,
       .describe = tensorrt::describe,
       .make_stream = tensorrt::make_stream},
  }};
  return kBackends;
}

const Backend* named_backend(const std::string& name) {
  if (name == "auto") {
    return nullptr;
  }
  std::string known = "auto";
  for (const Backend& backend : backend_table()) {
    if (backend.name == name) {
      return &backend;
    }
    known.append(", ").append(backend.name);
  }
  throw Error(ErrorCode::kInvalidParameter,
              "backend '" + name + "' is unknown: expected one of " + known);
}

}  // namespace replayrt::detail
