#include "backends/openvino/model_file.hpp"

#include <openvino/frontend/manager.hpp>

#include "backends/openvino/errors.hpp"
#include "backends/openvino/runtime.hpp"

namespace replayrt::openvino {
namespace {

// Asked before Core::read_model, which would offer the file to every frontend it has: they write to
// standard error, and a text file can pass for a model of another kind.
void require_format(const std::filesystem::path& path, const std::string& frontend,
                    const char* format) {
  // Leaked for the same reason as the Core.
  static ov::frontend::FrontEndManager& frontends = *new ov::frontend::FrontEndManager;
  bool supported = false;
  try {
    supported = frontends.load_by_framework(frontend)->supported(path.string());
  } catch (...) {
    rethrow_as(ErrorCode::kCorruptedModel, path.string());
  }
  if (!supported) {
    throw Error(ErrorCode::kCorruptedModel, path.string() + " is not " + format);
  }
}

}  // namespace

std::vector<std::filesystem::path> model_files(const std::filesystem::path& path) {
  if (path.extension() != ".xml") {
    return {path};
  }
  std::filesystem::path weights = path;
  weights.replace_extension(".bin");
  return {path, weights};
}

std::shared_ptr<ov::Model> read_model(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  const bool is_ir = extension == ".xml";
  if (is_ir) {
    require_format(path, "ir", "an OpenVINO IR model (XML with a <net> element)");
  } else if (extension == ".onnx") {
    require_format(path, "onnx", "an ONNX model");
  } else {
    throw Error(ErrorCode::kUnsupported,
                path.string() + ": the openvino backend reads .onnx and .xml (OpenVINO IR) files");
  }
  std::filesystem::path weights = path;
  weights.replace_extension(".bin");
  try {
    return runtime().read_model(path.string());
  } catch (...) {
    if (is_ir && !std::filesystem::exists(weights)) {
      throw Error(ErrorCode::kFileAccess, weights.string() + " does not exist: " + path.string() +
                                              " keeps its weights in it");
    }
    rethrow_as(ErrorCode::kCorruptedModel,
               "cannot load " + path.string() + " (OpenVINO " + runtime_version() + ")");
  }
}

}  // namespace replayrt::openvino
