#include "backends/tensorrt/library.hpp"

#include <dlfcn.h>

#include <cstdlib>

#include "backends/tensorrt/builder_api.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::tensorrt {
namespace {

[[noreturn]] void refuse_library(const std::string& message) {
  throw Error(ErrorCode::kMissingDependency, message);
}

std::string what_is_needed() {
  return needed_version() +
         ": install it where the dynamic linker finds it, or name its libnvinfer.so in " +
         kLibraryVariable;
}

std::string default_name() {
  return "libnvinfer.so." + std::to_string(kHeaders.major);
}

template <class Function>
Function find(void* handle, const char* symbol, const std::string& file) {
  return reinterpret_cast<Function>(
      find_function(handle, symbol, file + " is not TensorRT's runtime library"));
}

}  // namespace

std::string needed_version() {
  return "this build of ReplayRT needs TensorRT " + std::to_string(kHeaders.major) + "." +
         std::to_string(kHeaders.minor) + " or a later " + std::to_string(kHeaders.major) + ".x";
}

void* find_function(void* handle, const char* symbol, const std::string& what) {
  void* const found = dlsym(handle, symbol);
  if (found == nullptr) {
    refuse_library(what + ": it has no function " + symbol + "; " + what_is_needed());
  }
  return found;
}

void* open_library(const std::string& file, std::string& why) {
  // Local: a program that links another TensorRT itself keeps its own symbols.
  void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* said = dlerror();  // NOLINT(concurrency-mt-unsafe): the message is this thread's.
    why = said == nullptr ? file : said;
  }
  return handle;
}

std::shared_ptr<const Library> Library::open() {
  const char* named = std::getenv(kLibraryVariable);  // NOLINT(concurrency-mt-unsafe)
  const bool is_named = named != nullptr && *named != '\0';
  const std::string file = is_named ? named : default_name();
  std::string why;
  void* const handle = open_library(file, why);
  if (handle == nullptr) {
    refuse_library(
        "TensorRT's library cannot be opened" +
        (is_named ? " (" + std::string(kLibraryVariable) + "=" + file + ")" : std::string()) +
        ": " + why + "; " + what_is_needed());
  }
  using LibraryVersion = std::int32_t (*)() noexcept;
  const Version version =
      Version::decode(find<LibraryVersion>(handle, "getInferLibVersion", file)());
  if (version.major != kHeaders.major || version.minor < kHeaders.minor) {
    refuse_library(file + " is TensorRT " + version.to_string() + ": " + what_is_needed());
  }
  return std::shared_ptr<const Library>(new Library(
      file, version, handle, find<Create>(handle, "createInferRuntime_INTERNAL", file)));
}

Owned<nvinfer1::IRuntime> Library::create_runtime(nvinfer1::ILogger& logger) const {
  Owned<nvinfer1::IRuntime> runtime(
      static_cast<nvinfer1::IRuntime*>(create_runtime_(&logger, NV_TENSORRT_VERSION)));
  if (runtime == nullptr) {
    throw Error(ErrorCode::kModelRuntime, "TensorRT " + version_.to_string() + " (" + file_ +
                                              ") made no runtime for the interface of version " +
                                              kHeaders.to_string());
  }
  return runtime;
}

Owned<nvinfer1::IBuilder> Library::create_builder(nvinfer1::ILogger& logger) const {
  const auto create = reinterpret_cast<Create>(
      find_function(handle_, "createInferBuilder_INTERNAL", file_ + " cannot build plans"));
  Owned<nvinfer1::IBuilder> builder(
      static_cast<nvinfer1::IBuilder*>(create(&logger, NV_TENSORRT_VERSION)));
  if (builder == nullptr) {
    throw Error(ErrorCode::kModelRuntime, "TensorRT " + version_.to_string() + " (" + file_ +
                                              ") made no builder for the interface of version " +
                                              kHeaders.to_string());
  }
  return builder;
}

}  // namespace replayrt::tensorrt
