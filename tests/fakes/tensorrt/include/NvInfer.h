#pragma once

// The builder's part of the double: see NvInferRuntime.h beside it.

#include "NvInferRuntime.h"

namespace nvinfer1 {

enum class BuilderFlag : std::int32_t {
#if REPLAYRT_FAKE_TENSORRT < 1100
  kFP16 = 0,
  kINT8 = 1,
#endif
#if REPLAYRT_FAKE_TENSORRT < 1000
  kTF32 = 7,
#else
  kTF32 = 6,
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1000 && REPLAYRT_FAKE_TENSORRT < 1100
  kBF16 = 17,
#endif
};

#if REPLAYRT_FAKE_TENSORRT < 1000
enum class NetworkDefinitionCreationFlag : std::int32_t { kEXPLICIT_BATCH = 0 };
#endif
#if REPLAYRT_FAKE_TENSORRT >= 806 && REPLAYRT_FAKE_TENSORRT < 1000
enum class PreviewFeature : std::int32_t { kPROFILE_SHARING_0806 = 2 };
#endif
enum class MemoryPoolType : std::int32_t { kWORKSPACE = 0 };

#if REPLAYRT_FAKE_TENSORRT < 1000
enum class TacticSource : std::int32_t { kCUBLAS = 0, kCUBLAS_LT = 1, kCUDNN = 2 };
#endif
using TacticSources = std::uint32_t;
using NetworkDefinitionCreationFlags = std::uint32_t;

class IHostMemory {
 public:
  virtual ~IHostMemory() noexcept = default;
  virtual void* data() const noexcept = 0;
  virtual std::size_t size() const noexcept = 0;
};

class ITensor {
 public:
  virtual ~ITensor() noexcept = default;
  virtual char const* getName() const noexcept = 0;
  virtual Dims getDimensions() const noexcept = 0;
  virtual bool isShapeTensor() const noexcept = 0;
};

class INetworkDefinition {
 public:
  virtual ~INetworkDefinition() noexcept = default;
  virtual std::int32_t getNbInputs() const noexcept = 0;
  virtual ITensor* getInput(std::int32_t index) const noexcept = 0;
};

class IOptimizationProfile {
 public:
  virtual ~IOptimizationProfile() noexcept = default;
#if REPLAYRT_FAKE_TENSORRT >= 1000
  virtual bool setDimensions(char const* inputName, OptProfileSelector select,
                             Dims const& dims) noexcept = 0;
#else
  virtual bool setDimensions(char const* inputName, OptProfileSelector select,
                             Dims dims) noexcept = 0;
#endif
};

class ITimingCache {
 public:
  virtual ~ITimingCache() noexcept = default;
  virtual IHostMemory* serialize() const noexcept = 0;
};

#if REPLAYRT_FAKE_TENSORRT >= 1000
class IProgressMonitor {
 public:
  virtual ~IProgressMonitor() noexcept = default;
  virtual void phaseStart(char const* phaseName, char const* parentPhase,
                          std::int32_t nbSteps) noexcept = 0;
  virtual bool stepComplete(char const* phaseName, std::int32_t step) noexcept = 0;
  virtual void phaseFinish(char const* phaseName) noexcept = 0;
};
#endif

class IBuilderConfig {
 public:
  virtual ~IBuilderConfig() noexcept = default;
  virtual void setFlag(BuilderFlag builderFlag) noexcept = 0;
  virtual void clearFlag(BuilderFlag builderFlag) noexcept = 0;
  virtual void setMemoryPoolLimit(MemoryPoolType pool, std::size_t poolSize) noexcept = 0;
  virtual bool setTacticSources(TacticSources tacticSources) noexcept = 0;
  virtual TacticSources getTacticSources() const noexcept = 0;
  virtual std::int32_t addOptimizationProfile(IOptimizationProfile const* profile) noexcept = 0;
  virtual ITimingCache* createTimingCache(void const* blob, std::size_t size) const noexcept = 0;
  virtual bool setTimingCache(ITimingCache const& cache, bool ignoreMismatch) noexcept = 0;
#if REPLAYRT_FAKE_TENSORRT >= 806 && REPLAYRT_FAKE_TENSORRT < 1000
  virtual void setPreviewFeature(PreviewFeature feature, bool enable) noexcept = 0;
#endif
#if REPLAYRT_FAKE_TENSORRT >= 1000
  virtual void setProgressMonitor(IProgressMonitor* monitor) noexcept = 0;
#endif
};

class IBuilder {
 public:
  virtual ~IBuilder() noexcept = default;
  virtual INetworkDefinition* createNetworkV2(NetworkDefinitionCreationFlags flags) noexcept = 0;
  virtual IOptimizationProfile* createOptimizationProfile() noexcept = 0;
  virtual IBuilderConfig* createBuilderConfig() noexcept = 0;
  virtual IHostMemory* buildSerializedNetwork(INetworkDefinition& network,
                                              IBuilderConfig& config) noexcept = 0;
};

}  // namespace nvinfer1

extern "C" void* createInferBuilder_INTERNAL(void* logger, std::int32_t version) noexcept;
