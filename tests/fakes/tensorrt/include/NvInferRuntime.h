#pragma once

// A double of the part of NVIDIA's nvinfer1 that src/backends/tensorrt calls, written for these
// tests: the same names, signatures and values, and nothing else of it.
// tests/fakes/tensorrt/signatures.cpp and tools/check_tensorrt_headers.sh hold it to NVIDIA's
// headers of several versions.

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "NvInferVersion.h"

namespace nvinfer1 {

using AsciiChar = char;

enum class DataType : std::int32_t {
  kFLOAT = 0,
  kHALF = 1,
  kINT8 = 2,
  kINT32 = 3,
  kBOOL = 4,
  kUINT8 = 5,
#if REPLAYRT_FAKE_TENSORRT >= 806
  kFP8 = 6,
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1000
  kBF16 = 7,
  kINT64 = 8,
  kINT4 = 9,
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1008
  kFP4 = 10,
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1012
  kE8M0 = 11,
#endif
};

struct Dims {
  static constexpr std::int32_t MAX_DIMS{8};
  std::int32_t nbDims;
#if REPLAYRT_FAKE_TENSORRT >= 1000
  std::int64_t d[MAX_DIMS];
#else
  std::int32_t d[MAX_DIMS];
#endif
};

enum class TensorFormat : std::int32_t { kLINEAR = 0, kCHW32 = 5 };
enum class TensorIOMode : std::int32_t { kNONE = 0, kINPUT = 1, kOUTPUT = 2 };
enum class TensorLocation : std::int32_t { kDEVICE = 0, kHOST = 1 };
enum class OptProfileSelector : std::int32_t { kMIN = 0, kOPT = 1, kMAX = 2 };

class ILogger {
 public:
  enum class Severity : std::int32_t {
    kINTERNAL_ERROR = 0,
    kERROR = 1,
    kWARNING = 2,
    kINFO = 3,
    kVERBOSE = 4,
  };
  virtual void log(Severity severity, AsciiChar const* msg) noexcept = 0;
  virtual ~ILogger() = default;
};

class IOutputAllocator {
 public:
#if REPLAYRT_FAKE_TENSORRT >= 1000
  virtual void* reallocateOutputAsync(char const* tensorName, void* currentMemory,
                                      std::uint64_t size, std::uint64_t alignment,
                                      cudaStream_t stream) = 0;
#else
  virtual void* reallocateOutput(char const* tensorName, void* currentMemory, std::uint64_t size,
                                 std::uint64_t alignment) noexcept = 0;
#endif
  virtual void notifyShape(char const* tensorName, Dims const& dims) noexcept = 0;
  virtual ~IOutputAllocator() = default;
};

class IExecutionContext {
 public:
  virtual ~IExecutionContext() noexcept = default;
  virtual bool setOptimizationProfileAsync(std::int32_t profileIndex,
                                           cudaStream_t stream) noexcept = 0;
  virtual std::int32_t getOptimizationProfile() const noexcept = 0;
  virtual bool setInputShape(char const* tensorName, Dims const& dims) noexcept = 0;
  virtual Dims getTensorShape(char const* tensorName) const noexcept = 0;
  virtual bool setTensorAddress(char const* tensorName, void* data) noexcept = 0;
  virtual bool setInputTensorAddress(char const* tensorName, void const* data) noexcept = 0;
  virtual bool setOutputAllocator(char const* tensorName,
                                  IOutputAllocator* outputAllocator) noexcept = 0;
  virtual bool enqueueV3(cudaStream_t stream) noexcept = 0;
  virtual void setDeviceMemory(void* memory) noexcept = 0;
#if REPLAYRT_FAKE_TENSORRT >= 1001
  virtual void setDeviceMemoryV2(void* memory, std::int64_t size) noexcept = 0;
#endif
#if REPLAYRT_FAKE_TENSORRT >= 806
  virtual void setAuxStreams(cudaStream_t* auxStreams, std::int32_t nbStreams) noexcept = 0;
#endif
};

#if REPLAYRT_FAKE_TENSORRT >= 1000
enum class ExecutionContextAllocationStrategy : std::int32_t {
  kSTATIC = 0,
  kON_PROFILE_CHANGE = 1,
  kUSER_MANAGED = 2,
};
#endif

class ICudaEngine {
 public:
  virtual ~ICudaEngine() noexcept = default;
  virtual std::int32_t getNbIOTensors() const noexcept = 0;
  virtual char const* getIOTensorName(std::int32_t index) const noexcept = 0;
  virtual TensorIOMode getTensorIOMode(char const* tensorName) const noexcept = 0;
  virtual Dims getTensorShape(char const* tensorName) const noexcept = 0;
  virtual DataType getTensorDataType(char const* tensorName) const noexcept = 0;
  virtual TensorLocation getTensorLocation(char const* tensorName) const noexcept = 0;
  virtual TensorFormat getTensorFormat(char const* tensorName) const noexcept = 0;
  virtual char const* getTensorFormatDesc(char const* tensorName) const noexcept = 0;
  virtual std::int32_t getNbOptimizationProfiles() const noexcept = 0;
  virtual Dims getProfileShape(char const* tensorName, std::int32_t profileIndex,
                               OptProfileSelector select) const noexcept = 0;
#if REPLAYRT_FAKE_TENSORRT >= 1000
  virtual IExecutionContext* createExecutionContext(
      ExecutionContextAllocationStrategy strategy =
          ExecutionContextAllocationStrategy::kSTATIC) noexcept = 0;
#else
  virtual IExecutionContext* createExecutionContext() noexcept = 0;
  virtual IExecutionContext* createExecutionContextWithoutDeviceMemory() noexcept = 0;
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1001
  virtual std::int64_t getDeviceMemorySizeV2() const noexcept = 0;
#else
  virtual std::size_t getDeviceMemorySize() const noexcept = 0;
#endif
#if REPLAYRT_FAKE_TENSORRT >= 806
  virtual std::int32_t getNbAuxStreams() const noexcept = 0;
#endif
};

class IRuntime {
 public:
  virtual ~IRuntime() noexcept = default;
  virtual ICudaEngine* deserializeCudaEngine(void const* blob, std::size_t size) noexcept = 0;
#if REPLAYRT_FAKE_TENSORRT >= 806
  virtual void setEngineHostCodeAllowed(bool allowed) noexcept = 0;
#endif
};

}  // namespace nvinfer1

extern "C" void* createInferRuntime_INTERNAL(void* logger, std::int32_t version) noexcept;
extern "C" std::int32_t getInferLibVersion() noexcept;
