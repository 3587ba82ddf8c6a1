#include "backends/tensorrt/onnx_parser.hpp"

#include <cstdlib>
#include <string>
#include <system_error>

#include "replayrt/core/error.hpp"

namespace replayrt::tensorrt {
namespace {

using CreateParser = void* (*)(void* network, void* logger, int version);

std::string file_name(const char* stem) {
  return std::string(stem) + ".so." + std::to_string(kHeaders.major);
}

/// The library of that name beside TensorRT's own, or the name alone.
std::string beside(const Library& tensorrt, const std::string& name) {
  const std::filesystem::path folder = std::filesystem::path(tensorrt.file()).parent_path();
  std::error_code ignored;
  return !folder.empty() && std::filesystem::exists(folder / name, ignored)
             ? (folder / name).string()
             : name;
}

std::string parser_library(const Library& tensorrt) {
  const char* named = std::getenv(kParserLibraryVariable);  // NOLINT(concurrency-mt-unsafe)
  return named != nullptr && *named != '\0' ? named
                                            : beside(tensorrt, file_name("libnvonnxparser"));
}

CreateParser open_parser(const Library& tensorrt) {
  std::string why;
#if REPLAYRT_TRT_HEADERS < 1000
  // What the parser of TensorRT 8 needs is then there, though no search path leads to it. That it
  // cannot be opened, the parser's own message tells.
  open_library(beside(tensorrt, file_name("libnvinfer_plugin")), why);
#endif
  const std::string file = parser_library(tensorrt);
  void* const handle = open_library(file, why);
  if (handle == nullptr) {
    throw Error(
        ErrorCode::kMissingDependency,
        "TensorRT's ONNX parser cannot be opened: " + why + "; install " +
            file_name("libnvonnxparser") + " of TensorRT " + tensorrt.version().to_string() +
            " where the dynamic linker finds it or beside " + tensorrt.file() + ", or name it in " +
            kParserLibraryVariable +
            (kHeaders.major < 10 ? " (of version 8 it needs libnvinfer_plugin.so.8, which needs "
                                   "cuBLAS and cuDNN)"
                                 : ""));
  }
  return reinterpret_cast<CreateParser>(find_function(handle, "createNvOnnxParser_INTERNAL",
                                                      file + " is not TensorRT's ONNX parser"));
}

/// "node 3 (Conv 'stem'): … (ModelImporter.cpp line 120); …"
std::string complaints(const nvonnxparser::IParser& parser) {
  constexpr int kMost = 10;
  std::string text;
  const int count = parser.getNbErrors();
  for (int i = 0; i < count && i < kMost; ++i) {
    const nvonnxparser::IParserError* error = parser.getError(i);
    text.append(text.empty() ? "" : "; ").append(node_text(*error)).append(": ");
    text.append(error->desc()).append(" (").append(error->file()).append(" line ");
    text.append(std::to_string(error->line())).append(")");
  }
  if (count > kMost) {
    text.append("; and ").append(std::to_string(count - kMost)).append(" more");
  }
  return text;
}

}  // namespace

Owned<nvonnxparser::IParser> parse_onnx(const std::filesystem::path& path, const Library& tensorrt,
                                        nvinfer1::INetworkDefinition& network, Logger& logger) {
  const CreateParser create = open_parser(tensorrt);
  const Logger::Recording said(logger, Logger::Recording::Pass::kKeepBack);
  Owned<nvonnxparser::IParser> parser(
      static_cast<nvonnxparser::IParser*>(create(&network, &logger, NV_ONNX_PARSER_VERSION)));
  if (parser == nullptr) {
    throw Error(ErrorCode::kModelRuntime, with_messages("TensorRT made no ONNX parser", said));
  }
  const auto verbosity = static_cast<int>(nvinfer1::ILogger::Severity::kWARNING);
  if (!parser->parseFromFile(path.c_str(), verbosity)) {
    const std::string why = complaints(*parser);
    throw Error(ErrorCode::kCorruptedModel,
                "TensorRT cannot read model file '" + path.string() + "': " +
                    (why.empty() ? with_messages("it is no ONNX model that it knows", said) : why));
  }
  return parser;
}

}  // namespace replayrt::tensorrt
