#include <string>

#include "backends/openvino/backend.hpp"

namespace replayrt::openvino {
namespace {

constexpr const char* kWhyMissing =
    "this build of ReplayRT has no openvino backend: configure it with -DREPLAYRT_OPENVINO=ON and "
    "OpenVINO's C++ "
    "SDK, which `make setup` installs";

}  // namespace

std::unique_ptr<EngineBackend> load_backend(const std::filesystem::path& path,
                                            const LoadOptions& /*options*/) {
  throw Error(ErrorCode::kMissingDependency, "cannot load " + path.string() + ": " + kWhyMissing);
}

BackendInfo describe() {
  BackendInfo info;
  info.name = "openvino";
  info.why_missing = kWhyMissing;
  return info;
}

}  // namespace replayrt::openvino
