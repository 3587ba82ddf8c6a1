#pragma once

// The ONNX parser's part of the double: see NvInferRuntime.h beside it.

#include "NvInfer.h"

static constexpr std::int32_t NV_ONNX_PARSER_VERSION = 100;

namespace nvonnxparser {

class IParserError {
 public:
  virtual ~IParserError() noexcept = default;
  virtual char const* desc() const = 0;
  virtual char const* file() const = 0;
  virtual int line() const = 0;
  virtual int node() const = 0;
#if REPLAYRT_FAKE_TENSORRT >= 1000
  virtual char const* nodeName() const = 0;
  virtual char const* nodeOperator() const = 0;
#endif
};

class IParser {
 public:
  virtual ~IParser() noexcept = default;
  virtual bool parseFromFile(char const* onnxModelFile, int verbosity) = 0;
  virtual int getNbErrors() const = 0;
  virtual IParserError const* getError(int index) const = 0;
};

}  // namespace nvonnxparser

extern "C" void* createNvOnnxParser_INTERNAL(void* network, void* logger, int version);
