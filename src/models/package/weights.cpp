#include "models/package/weights.hpp"

#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

constexpr const char* kOnnxFile = "weights.onnx";
constexpr const char* kPlanFile = "engine.plan";

void check_other_backend(const PackageFiles& files, const std::string& backend,
                         const std::string& there, ProblemList& list) {
  const std::string is = "is " + in_quotes(backend);
  if (!there.empty()) {
    list.warn("backend_type",
              is + ", but what ReplayRT runs is " + there + ", which is there, too");
    return;
  }
  list.error("backend_type",
             is +
                 ": ReplayRT runs weights.onnx ('onnx') and engine.plan ('trt'); the package has " +
                 files.list(),
             ErrorCode::kModelImplementationNotFound);
}

}  // namespace

void find_weights(const PackageFiles& files, ModelPackage& package) {
  const bool onnx = files.has(kOnnxFile);
  const bool plan = files.has(kPlanFile);
  const std::string there = onnx && plan ? std::string(kOnnxFile) + " and " + kPlanFile
                            : onnx       ? kOnnxFile
                            : plan       ? kPlanFile
                                         : "";
  const std::string& backend = package.model_config.backend_type;
  ProblemList config("model_config.json", package.problems);
  ProblemList folder("", package.problems);
  if (!backend.empty() && backend != "onnx" && backend != "trt") {
    check_other_backend(files, backend, there, config);
  } else if (there.empty()) {
    folder.error("",
                 "the package has neither weights.onnx nor engine.plan, it has " + files.list());
  } else if ((backend == "onnx" && !onnx) || (backend == "trt" && !plan)) {
    config.error("backend_type", "is " + in_quotes(backend) + ", which needs " +
                                     (backend == "onnx" ? kOnnxFile : kPlanFile) +
                                     "; the package has " + there);
  }
  package.onnx_weights = files.find(kOnnxFile, package.problems);
  package.trt_plan = files.find(kPlanFile, package.problems);
}

}  // namespace replayrt::models
