#include <string>

#include "backends/tensorrt/backend.hpp"

namespace replayrt::tensorrt {
namespace {

constexpr const char* kWhyMissing =
    "this build of ReplayRT has no tensorrt backend: configure it with -DREPLAYRT_TENSORRT=ON and "
    "-DREPLAYRT_TENSORRT_INCLUDE_DIR=<folder of TensorRT's NvInfer.h>, CUDA's headers installed; "
    "on a "
    "CPU use backend openvino with an .onnx or .xml model";

}  // namespace

std::unique_ptr<EngineBackend> load_backend(const std::filesystem::path& path,
                                            const LoadOptions& /*options*/) {
  throw Error(ErrorCode::kMissingDependency,
              "cannot load " + path.string() + " with TensorRT: " + kWhyMissing);
}

std::unique_ptr<EngineBackend> load_plan(std::span<const std::byte> /*plan*/,
                                         const std::string& name, const LoadOptions& /*options*/) {
  throw Error(ErrorCode::kMissingDependency,
              "cannot load " + name + " with TensorRT: " + kWhyMissing);
}

BuiltPlan build_plan(const std::filesystem::path& onnx, const PlanBuildOptions& /*options*/) {
  throw Error(ErrorCode::kMissingDependency,
              "cannot build a plan of " + onnx.string() + " with TensorRT: " + kWhyMissing);
}

std::shared_ptr<void> make_stream(const Device& /*device*/) {
  throw Error(ErrorCode::kMissingDependency, std::string("cannot make a stream: ") + kWhyMissing);
}

BackendInfo describe() {
  BackendInfo info;
  info.name = "tensorrt";
  info.why_missing = kWhyMissing;
  return info;
}

}  // namespace replayrt::tensorrt
