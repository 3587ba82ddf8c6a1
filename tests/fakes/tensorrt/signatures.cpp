// Every member and value that the double declares, with its signature. Compiled against the double
// in each build, and against NVIDIA's headers by tools/check_tensorrt_headers.sh, which also checks
// that no member is missing here.

#include <NvInfer.h>
#include <NvOnnxParser.h>

#include <type_traits>

#define VERSION (NV_TENSORRT_MAJOR * 100 + NV_TENSORRT_MINOR)

// Well-formed only if the class has a member of exactly this type: overloads are told apart, and
// `noexcept` and `const` count.
#define MEMBER(Class, name, ...) \
  static_assert(std::is_member_function_pointer_v<decltype(static_cast<__VA_ARGS__>(&Class::name))>)
#define VALUE(enumerator, number) static_assert(static_cast<int>(enumerator) == (number))

namespace nvinfer1 {

using Context = IExecutionContext;
MEMBER(Context, setOptimizationProfileAsync,
       bool (Context::*)(std::int32_t, cudaStream_t) noexcept);
MEMBER(Context, getOptimizationProfile, std::int32_t (Context::*)() const noexcept);
MEMBER(Context, setInputShape, bool (Context::*)(char const*, Dims const&) noexcept);
MEMBER(Context, getTensorShape, Dims (Context::*)(char const*) const noexcept);
MEMBER(Context, setTensorAddress, bool (Context::*)(char const*, void*) noexcept);
MEMBER(Context, setInputTensorAddress, bool (Context::*)(char const*, void const*) noexcept);
MEMBER(Context, setOutputAllocator, bool (Context::*)(char const*, IOutputAllocator*) noexcept);
MEMBER(Context, enqueueV3, bool (Context::*)(cudaStream_t) noexcept);
MEMBER(Context, setDeviceMemory, void (Context::*)(void*) noexcept);
#if VERSION >= 1001
MEMBER(Context, setDeviceMemoryV2, void (Context::*)(void*, std::int64_t) noexcept);
#endif
#if VERSION >= 806
MEMBER(Context, setAuxStreams, void (Context::*)(cudaStream_t*, std::int32_t) noexcept);
#endif

using Engine = ICudaEngine;
MEMBER(Engine, getNbIOTensors, std::int32_t (Engine::*)() const noexcept);
MEMBER(Engine, getIOTensorName, char const* (Engine::*)(std::int32_t) const noexcept);
MEMBER(Engine, getTensorIOMode, TensorIOMode (Engine::*)(char const*) const noexcept);
MEMBER(Engine, getTensorShape, Dims (Engine::*)(char const*) const noexcept);
MEMBER(Engine, getTensorDataType, DataType (Engine::*)(char const*) const noexcept);
MEMBER(Engine, getTensorLocation, TensorLocation (Engine::*)(char const*) const noexcept);
MEMBER(Engine, getTensorFormat, TensorFormat (Engine::*)(char const*) const noexcept);
MEMBER(Engine, getTensorFormatDesc, char const* (Engine::*)(char const*) const noexcept);
MEMBER(Engine, getNbOptimizationProfiles, std::int32_t (Engine::*)() const noexcept);
MEMBER(Engine, getProfileShape,
       Dims (Engine::*)(char const*, std::int32_t, OptProfileSelector) const noexcept);
#if VERSION >= 1000
MEMBER(Engine, createExecutionContext,
       Context* (Engine::*)(ExecutionContextAllocationStrategy) noexcept);
#else
MEMBER(Engine, createExecutionContext, Context* (Engine::*)() noexcept);
MEMBER(Engine, createExecutionContextWithoutDeviceMemory, Context* (Engine::*)() noexcept);
#endif
#if VERSION >= 1001
MEMBER(Engine, getDeviceMemorySizeV2, std::int64_t (Engine::*)() const noexcept);
#else
MEMBER(Engine, getDeviceMemorySize, std::size_t (Engine::*)() const noexcept);
#endif
#if VERSION >= 806
MEMBER(Engine, getNbAuxStreams, std::int32_t (Engine::*)() const noexcept);
#endif

MEMBER(IRuntime, deserializeCudaEngine, Engine* (IRuntime::*)(void const*, std::size_t) noexcept);
#if VERSION >= 806
MEMBER(IRuntime, setEngineHostCodeAllowed, void (IRuntime::*)(bool) noexcept);
#endif

MEMBER(ILogger, log, void (ILogger::*)(ILogger::Severity, AsciiChar const*) noexcept);
#if VERSION >= 1000
MEMBER(IOutputAllocator, reallocateOutputAsync,
       void* (IOutputAllocator::*)(char const*, void*, std::uint64_t, std::uint64_t, cudaStream_t));
#else
MEMBER(IOutputAllocator, reallocateOutput,
       void* (IOutputAllocator::*)(char const*, void*, std::uint64_t, std::uint64_t) noexcept);
#endif
MEMBER(IOutputAllocator, notifyShape,
       void (IOutputAllocator::*)(char const*, Dims const&) noexcept);

MEMBER(IHostMemory, data, void* (IHostMemory::*)() const noexcept);
MEMBER(IHostMemory, size, std::size_t (IHostMemory::*)() const noexcept);
MEMBER(ITensor, getName, char const* (ITensor::*)() const noexcept);
MEMBER(ITensor, getDimensions, Dims (ITensor::*)() const noexcept);
MEMBER(ITensor, isShapeTensor, bool (ITensor::*)() const noexcept);
using Network = INetworkDefinition;
MEMBER(Network, getNbInputs, std::int32_t (Network::*)() const noexcept);
MEMBER(Network, getInput, ITensor* (Network::*)(std::int32_t) const noexcept);
using Profile = IOptimizationProfile;
#if VERSION >= 1000
MEMBER(Profile, setDimensions,
       bool (Profile::*)(char const*, OptProfileSelector, Dims const&) noexcept);
#else
MEMBER(Profile, setDimensions, bool (Profile::*)(char const*, OptProfileSelector, Dims) noexcept);
#endif
MEMBER(ITimingCache, serialize, IHostMemory* (ITimingCache::*)() const noexcept);
#if VERSION >= 1000
using Monitor = IProgressMonitor;
MEMBER(Monitor, phaseStart, void (Monitor::*)(char const*, char const*, std::int32_t) noexcept);
MEMBER(Monitor, stepComplete, bool (Monitor::*)(char const*, std::int32_t) noexcept);
MEMBER(Monitor, phaseFinish, void (Monitor::*)(char const*) noexcept);
#endif
using Config = IBuilderConfig;
MEMBER(Config, setFlag, void (Config::*)(BuilderFlag) noexcept);
MEMBER(Config, clearFlag, void (Config::*)(BuilderFlag) noexcept);
MEMBER(Config, setMemoryPoolLimit, void (Config::*)(MemoryPoolType, std::size_t) noexcept);
MEMBER(Config, setTacticSources, bool (Config::*)(TacticSources) noexcept);
MEMBER(Config, getTacticSources, TacticSources (Config::*)() const noexcept);
MEMBER(Config, addOptimizationProfile, std::int32_t (Config::*)(Profile const*) noexcept);
MEMBER(Config, createTimingCache,
       ITimingCache* (Config::*)(void const*, std::size_t) const noexcept);
MEMBER(Config, setTimingCache, bool (Config::*)(ITimingCache const&, bool) noexcept);
#if VERSION >= 806 && VERSION < 1000
MEMBER(Config, setPreviewFeature, void (Config::*)(PreviewFeature, bool) noexcept);
#endif
#if VERSION >= 1000
MEMBER(Config, setProgressMonitor, void (Config::*)(Monitor*) noexcept);
#endif
MEMBER(IBuilder, createNetworkV2, Network* (IBuilder::*)(std::uint32_t) noexcept);
MEMBER(IBuilder, createOptimizationProfile, Profile* (IBuilder::*)() noexcept);
MEMBER(IBuilder, createBuilderConfig, Config* (IBuilder::*)() noexcept);
MEMBER(IBuilder, buildSerializedNetwork, IHostMemory* (IBuilder::*)(Network&, Config&) noexcept);

// These have become noexcept within TensorRT 10, which no caller sees.
using Parser = nvonnxparser::IParser;
using ParserError = nvonnxparser::IParserError;
MEMBER(Parser, parseFromFile, bool (Parser::*)(char const*, int));
MEMBER(Parser, getNbErrors, int (Parser::*)() const);
MEMBER(Parser, getError, ParserError const* (Parser::*)(int) const);
MEMBER(ParserError, desc, char const* (ParserError::*)() const);
MEMBER(ParserError, file, char const* (ParserError::*)() const);
MEMBER(ParserError, line, int (ParserError::*)() const);
MEMBER(ParserError, node, int (ParserError::*)() const);
#if VERSION >= 1000
MEMBER(ParserError, nodeName, char const* (ParserError::*)() const);
MEMBER(ParserError, nodeOperator, char const* (ParserError::*)() const);
#endif
static_assert(
    std::is_convertible_v<decltype(&createNvOnnxParser_INTERNAL), void* (*)(void*, void*, int)>);
static_assert(std::is_same_v<decltype(&createInferBuilder_INTERNAL),
                             void* (*)(void*, std::int32_t) noexcept>);

static_assert(std::is_same_v<decltype(&createInferRuntime_INTERNAL),
                             void* (*)(void*, std::int32_t) noexcept>);
static_assert(std::is_same_v<decltype(&getInferLibVersion), std::int32_t (*)() noexcept>);

// `delete` ends them, whatever made them.
static_assert(std::has_virtual_destructor_v<Context> && std::has_virtual_destructor_v<Engine> &&
              std::has_virtual_destructor_v<IRuntime>);

static_assert(Dims::MAX_DIMS == 8);
static_assert(std::is_same_v<decltype(Dims::nbDims), std::int32_t>);
#if VERSION >= 1000
static_assert(std::is_same_v<decltype(Dims::d), std::int64_t[8]>);
#else
static_assert(std::is_same_v<decltype(Dims::d), std::int32_t[8]>);
#endif

VALUE(DataType::kFLOAT, 0);
VALUE(DataType::kHALF, 1);
VALUE(DataType::kINT8, 2);
VALUE(DataType::kINT32, 3);
VALUE(DataType::kBOOL, 4);
VALUE(DataType::kUINT8, 5);
#if VERSION >= 806
VALUE(DataType::kFP8, 6);
#endif
#if VERSION >= 1000
VALUE(DataType::kBF16, 7);
VALUE(DataType::kINT64, 8);
VALUE(DataType::kINT4, 9);
#endif
#if VERSION >= 1008
VALUE(DataType::kFP4, 10);
#endif
#if VERSION >= 1012
VALUE(DataType::kE8M0, 11);
#endif
VALUE(TensorFormat::kLINEAR, 0);
VALUE(TensorFormat::kCHW32, 5);
VALUE(TensorIOMode::kNONE, 0);
VALUE(TensorIOMode::kINPUT, 1);
VALUE(TensorIOMode::kOUTPUT, 2);
VALUE(TensorLocation::kDEVICE, 0);
VALUE(TensorLocation::kHOST, 1);
VALUE(OptProfileSelector::kMIN, 0);
VALUE(OptProfileSelector::kOPT, 1);
VALUE(OptProfileSelector::kMAX, 2);
#if VERSION >= 1000
VALUE(ExecutionContextAllocationStrategy::kSTATIC, 0);
VALUE(ExecutionContextAllocationStrategy::kON_PROFILE_CHANGE, 1);
VALUE(ExecutionContextAllocationStrategy::kUSER_MANAGED, 2);
#endif
// Deprecated within TensorRT 10, but there until 11.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#if VERSION < 1100
VALUE(BuilderFlag::kFP16, 0);
VALUE(BuilderFlag::kINT8, 1);
#endif
#if VERSION < 1000
VALUE(TacticSource::kCUBLAS, 0);
VALUE(TacticSource::kCUBLAS_LT, 1);
VALUE(TacticSource::kCUDNN, 2);
#endif
#if VERSION >= 1000 && VERSION < 1100
VALUE(BuilderFlag::kBF16, 17);
#endif
VALUE(BuilderFlag::kTF32, VERSION < 1000 ? 7 : 6);
#if VERSION < 1000
VALUE(NetworkDefinitionCreationFlag::kEXPLICIT_BATCH, 0);
#endif
#if VERSION >= 806 && VERSION < 1000
VALUE(PreviewFeature::kPROFILE_SHARING_0806, 2);
#endif
VALUE(MemoryPoolType::kWORKSPACE, 0);
VALUE(ILogger::Severity::kINTERNAL_ERROR, 0);
VALUE(ILogger::Severity::kERROR, 1);
VALUE(ILogger::Severity::kWARNING, 2);
VALUE(ILogger::Severity::kINFO, 3);
VALUE(ILogger::Severity::kVERBOSE, 4);

}  // namespace nvinfer1
