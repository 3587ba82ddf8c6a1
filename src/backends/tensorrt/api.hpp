#pragma once

// TensorRT's API as this backend calls it, and the only place that knows in what TensorRT 8.5, 8.6,
// 10 and 11 differ. Nothing here is linked: all but the factories (library.hpp) are virtual calls.

#include <NvInferRuntime.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "replayrt/core/dtype.hpp"
#include "replayrt/core/shape.hpp"

/// 805 is TensorRT 8.5, 1016 is 10.16: of the headers that this is compiled against.
#define REPLAYRT_TRT_HEADERS (NV_TENSORRT_MAJOR * 100 + NV_TENSORRT_MINOR)
#if REPLAYRT_TRT_HEADERS < 805
#error "ReplayRT needs the headers of TensorRT 8.5 or newer"
#endif

namespace replayrt::tensorrt {

template <class T>
using Owned = std::unique_ptr<T>;  // Since 8.0 TensorRT's objects end with `delete`.

using Dims = nvinfer1::Dims;

/// A version of TensorRT; of one product line they compare as numbers do.
struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;

  /// As `getInferLibVersion` tells it: 8503 is 8.5.3, 100300 is 10.3.0.
  static constexpr Version decode(std::int32_t number) noexcept {
    const int base = number < 10000 ? 1000 : 10000;
    return {number / base, number % base / 100, number % 100};
  }
  [[nodiscard]] std::string to_string() const {
    return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
  }
};

inline constexpr Version kHeaders{NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR, NV_TENSORRT_PATCH};

/// Whether any number of contexts may use one optimization profile. In 8.6 that depends on how the
/// engine was built.
enum class ProfileSharing : std::uint8_t { kNever, kAsk, kAlways };
inline constexpr ProfileSharing kProfileSharing =
    REPLAYRT_TRT_HEADERS < 806    ? ProfileSharing::kNever
    : REPLAYRT_TRT_HEADERS < 1000 ? ProfileSharing::kAsk
                                  : ProfileSharing::kAlways;

/// Whether a plan may hold code that runs on the host, which must then be allowed.
inline constexpr bool kHasHostCode = REPLAYRT_TRT_HEADERS >= 806;

inline void set_host_code_allowed([[maybe_unused]] nvinfer1::IRuntime& runtime,
                                  [[maybe_unused]] bool allowed) noexcept {
#if REPLAYRT_TRT_HEADERS >= 806
  runtime.setEngineHostCodeAllowed(allowed);
#endif
}

/// A context that allocates no activation memory: see `set_activation_memory`. Null on failure.
inline Owned<nvinfer1::IExecutionContext> create_context(nvinfer1::ICudaEngine& engine) noexcept {
#if REPLAYRT_TRT_HEADERS >= 1000
  return Owned<nvinfer1::IExecutionContext>(
      engine.createExecutionContext(nvinfer1::ExecutionContextAllocationStrategy::kUSER_MANAGED));
#else
  return Owned<nvinfer1::IExecutionContext>(engine.createExecutionContextWithoutDeviceMemory());
#endif
}

/// The activation memory that is enough for every profile and shape of the engine.
inline std::size_t activation_bytes(const nvinfer1::ICudaEngine& engine) noexcept {
#if REPLAYRT_TRT_HEADERS >= 1001
  return static_cast<std::size_t>(engine.getDeviceMemorySizeV2());
#else
  return engine.getDeviceMemorySize();
#endif
}

/// Used from the next enqueue until its work is complete, and by graphs made of it.
inline void set_activation_memory(nvinfer1::IExecutionContext& context, void* memory,
                                  [[maybe_unused]] std::size_t bytes) noexcept {
#if REPLAYRT_TRT_HEADERS >= 1001
  context.setDeviceMemoryV2(memory, static_cast<std::int64_t>(bytes));
#else
  context.setDeviceMemory(memory);
#endif
}

/// How many streams beside the main one the engine wants to use; 0 where the version has none.
inline std::size_t auxiliary_streams(
    [[maybe_unused]] const nvinfer1::ICudaEngine& engine) noexcept {
#if REPLAYRT_TRT_HEADERS >= 806
  return static_cast<std::size_t>(engine.getNbAuxStreams());
#else
  return 0;
#endif
}

inline void set_auxiliary_streams([[maybe_unused]] nvinfer1::IExecutionContext& context,
                                  [[maybe_unused]] std::span<cudaStream_t> streams) noexcept {
#if REPLAYRT_TRT_HEADERS >= 806
  context.setAuxStreams(streams.data(), static_cast<std::int32_t>(streams.size()));
#endif
}

/// Gives memory for outputs whose size only the run tells. Called during `enqueueV3`.
class OutputAllocator : public nvinfer1::IOutputAllocator {
 public:
  /// Memory of at least `bytes` bytes for the named output; null: the run fails.
  virtual void* allocate(const char* name, std::uint64_t bytes) noexcept = 0;

#if REPLAYRT_TRT_HEADERS >= 1000
  void* reallocateOutputAsync(char const* name, void* /*current*/, std::uint64_t bytes,
                              std::uint64_t /*alignment*/, cudaStream_t /*stream*/) final {
    return allocate(name, bytes);
  }
#else
  void* reallocateOutput(char const* name, void* /*current*/, std::uint64_t bytes,
                         std::uint64_t /*alignment*/) noexcept final {
    return allocate(name, bytes);
  }
#endif
};

/// Null for a type that this version of ReplayRT does not know.
constexpr std::optional<DType> dtype_of_trt(nvinfer1::DataType type) noexcept {
  switch (type) {
    case nvinfer1::DataType::kFLOAT:
      return DType::kF32;
    case nvinfer1::DataType::kHALF:
      return DType::kF16;
    case nvinfer1::DataType::kINT8:
      return DType::kI8;
    case nvinfer1::DataType::kINT32:
      return DType::kI32;
    case nvinfer1::DataType::kBOOL:
      return DType::kBool;
    case nvinfer1::DataType::kUINT8:
      return DType::kU8;
#if REPLAYRT_TRT_HEADERS >= 806
    case nvinfer1::DataType::kFP8:
      return DType::kF8e4m3;
#endif
#if REPLAYRT_TRT_HEADERS >= 1000
    case nvinfer1::DataType::kBF16:
      return DType::kBf16;
    case nvinfer1::DataType::kINT64:
      return DType::kI64;
    case nvinfer1::DataType::kINT4:
      return DType::kI4;
#endif
#if REPLAYRT_TRT_HEADERS >= 1008
    case nvinfer1::DataType::kFP4:
      return DType::kF4e2m1;
#endif
#if REPLAYRT_TRT_HEADERS >= 1012
    case nvinfer1::DataType::kE8M0:
      return DType::kE8m0;
#endif
    default:
      return std::nullopt;
  }
}

/// Dimensions are 32 bits wide before TensorRT 10, 64 since. Extents come checked against the
/// engine's profiles, so they fit.
inline Dims dims_of(const Shape& shape) noexcept {
  Dims dims{};
  dims.nbDims = static_cast<std::int32_t>(shape.rank());
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    dims.d[i] = static_cast<std::remove_reference_t<decltype(dims.d[0])>>(shape[i]);
  }
  return dims;
}

/// Null if some extent is not known yet (-1) or the rank is not.
std::optional<Shape> shape_of(const Dims& dims);

/// "1x3x-1x-1"
std::string to_string(const Dims& dims);

}  // namespace replayrt::tensorrt
