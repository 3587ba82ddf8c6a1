#pragma once

#include <filesystem>
#include <memory>
#include <openvino/core/model.hpp>
#include <vector>

namespace replayrt::openvino {

/// Reads `.onnx` or IR (`.xml` with its `.bin` beside it). Throws Error(kUnsupported) for another
/// extension, Error(kCorruptedModel) for what is not a model, is truncated or has operations that
/// OpenVINO lacks; the message names the file.
std::shared_ptr<ov::Model> read_model(const std::filesystem::path& path);

/// The files that `read_model` reads, whether they are there or not.
std::vector<std::filesystem::path> model_files(const std::filesystem::path& path);

}  // namespace replayrt::openvino
