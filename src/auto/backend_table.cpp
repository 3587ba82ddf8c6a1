#include "auto/backend_table.hpp"

#include <array>
#include <string>

#include "backends/openvino/backend.hpp"

namespace replayrt::detail {
namespace {

constexpr const char* kNoTensorRt =
    "this build of ReplayRT has no tensorrt backend; on a CPU use backend openvino with an .onnx "
    "or .xml model";

std::unique_ptr<EngineBackend> load_tensorrt(const std::filesystem::path& path,
                                             const LoadOptions& /*options*/) {
  throw Error(ErrorCode::kMissingDependency,
              "cannot load " + path.string() + " with TensorRT: " + kNoTensorRt);
}

BackendInfo describe_tensorrt() {
  BackendInfo info;
  info.name = "tensorrt";
  info.why_missing = kNoTensorRt;
  return info;
}

}  // namespace

std::span<const Backend> backend_table() {
  static constexpr std::array<Backend, 2> kBackends = {{
      {.name = "openvino",
       .extensions = ".onnx, .xml (OpenVINO IR)",
       .device = DeviceType::kCpu,
       .reads =
           [](std::string_view extension) { return extension == ".onnx" || extension == ".xml"; },
       .load = openvino::load_backend,
       .describe = openvino::describe},
      {.name = "tensorrt",
       .extensions = ".plan, .engine (TensorRT plan)",
       .device = DeviceType::kCuda,
       .reads =
           [](std::string_view extension) {
             return extension == ".plan" || extension == ".engine";
           },
       .load = load_tensorrt,
       .describe = describe_tensorrt},
  }};
  return kBackends;
}

}  // namespace replayrt::detail
