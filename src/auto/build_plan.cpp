#include "replayrt/build_plan.hpp"

#include "auto/model_file.hpp"
#include "backends/tensorrt/backend.hpp"

namespace replayrt {

BuiltPlan build_trt_plan(const std::filesystem::path& onnx, const PlanBuildOptions& options) {
  detail::require_readable_file(onnx);
  return tensorrt::build_plan(onnx, options);
}

}  // namespace replayrt
