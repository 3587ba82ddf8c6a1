#include "models/package/weights.hpp"

#include "models/package/text.hpp"

namespace replayrt::models {
namespace {

void check_other_backend(const PackageFiles& files, const std::string& onnx_name,
                         const std::string& backend, const std::string& there, ProblemList& list) {
  const std::string is = "is " + in_quotes(backend);
  if (!there.empty()) {
    list.warn("backend_type",
              is + ", but what ReplayRT runs is " + there + ", which is there, too");
    return;
  }
  list.error("backend_type",
             is + ": ReplayRT runs " + onnx_name + " ('onnx') and " + kPlanFile +
                 " ('trt'); the package has " + files.list(),
             ErrorCode::kModelImplementationNotFound);
}

}  // namespace

void find_weights(const PackageFiles& files, ModelPackage& package, const std::string& onnx_name) {
  const bool onnx = files.has(onnx_name);
  const bool plan = files.has(kPlanFile);
  const std::string there = onnx && plan ? onnx_name + " and " + kPlanFile
                            : onnx       ? onnx_name
                            : plan       ? kPlanFile
                                         : "";
  const std::string& backend = package.model_config.backend_type;
  ProblemList config("model_config.json", package.problems);
  ProblemList folder("", package.problems);
  if (!backend.empty() && backend != "onnx" && backend != "trt") {
    check_other_backend(files, onnx_name, backend, there, config);
  } else if (there.empty()) {
    folder.error("", "the package has neither " + onnx_name + " nor " + kPlanFile + ", it has " +
                         files.list());
  } else if ((backend == "onnx" && !onnx) || (backend == "trt" && !plan)) {
    config.error("backend_type", "is " + in_quotes(backend) + ", which needs " +
                                     (backend == "onnx" ? onnx_name : kPlanFile) +
                                     "; the package has " + there);
  }
  package.onnx_weights = files.find(onnx_name, package.problems);
  package.trt_plan = files.find(kPlanFile, package.problems);
}

}  // namespace replayrt::models
