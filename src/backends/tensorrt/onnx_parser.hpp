#pragma once

#include <filesystem>

#include "backends/tensorrt/builder_api.hpp"
#include "backends/tensorrt/library.hpp"
#include "backends/tensorrt/logger.hpp"

namespace replayrt::tensorrt {

/// The name of the environment variable that names another library than `libnvonnxparser.so.N`.
inline constexpr const char* kParserLibraryVariable = "REPLAYRT_TENSORRT_PARSER_LIBRARY";

/// Reads the model at `path` into `network`. TensorRT's ONNX parser is opened when it is first
/// needed: the library that REPLAYRT_TENSORRT_PARSER_LIBRARY names, else `libnvonnxparser.so.N`
/// beside `tensorrt`, else where the dynamic linker finds it.
/// The parser returned holds the model's weights: it must outlive the build of `network`.
/// Throws Error: kMissingDependency (the library, or one that it needs), kCorruptedModel (what the
/// parser refused: each complaint with its node and line).
Owned<nvonnxparser::IParser> parse_onnx(const std::filesystem::path& path, const Library& tensorrt,
                                        nvinfer1::INetworkDefinition& network, Logger& logger);

}  // namespace replayrt::tensorrt
