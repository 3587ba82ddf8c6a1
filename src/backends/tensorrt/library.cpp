#include "backends/tensorrt/library.hpp"

#include <dlfcn.h>

#include <cstdlib>

#include "replayrt/core/error.hpp"

namespace replayrt::tensorrt {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::kMissingDependency, message);
}

std::string what_is_needed() {
  return "this build of ReplayRT needs TensorRT " + std::to_string(kHeaders.major) + "." +
         std::to_string(kHeaders.minor) + " or a later " + std::to_string(kHeaders.major) +
         ".x: install it where the dynamic linker finds it, or name its libnvinfer.so in " +
         kLibraryVariable;
}

std::string default_name() {
  return "libnvinfer.so." + std::to_string(kHeaders.major);
}

template <class Function>
Function find(void* handle, const char* symbol, const std::string& file) {
  auto* const found = reinterpret_cast<Function>(dlsym(handle, symbol));
  if (found == nullptr) {
    refuse(file + " is not TensorRT's runtime library: it has no function " + symbol + "; " +
           what_is_needed());
  }
  return found;
}

}  // namespace

std::shared_ptr<const Library> Library::open() {
  const char* named = std::getenv(kLibraryVariable);  // NOLINT(concurrency-mt-unsafe)
  const bool is_named = named != nullptr && *named != '\0';
  const std::string file = is_named ? named : default_name();
  // Local: a program that links another TensorRT itself keeps its own symbols. Never closed:
  // TensorRT's threads and globals do not survive that.
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* why = dlerror();  // NOLINT(concurrency-mt-unsafe): the message is this thread's.
    refuse("TensorRT's library cannot be opened" +
           (is_named ? " (" + std::string(kLibraryVariable) + "=" + file + ")" : std::string()) +
           ": " + (why == nullptr ? file : why) + "; " + what_is_needed());
  }
  using LibraryVersion = std::int32_t (*)() noexcept;
  const Version version =
      Version::decode(find<LibraryVersion>(handle, "getInferLibVersion", file)());
  if (version.major != kHeaders.major || version.minor < kHeaders.minor) {
    refuse(file + " is TensorRT " + version.to_string() + ": " + what_is_needed());
  }
  return std::shared_ptr<const Library>(
      new Library(file, version, find<CreateRuntime>(handle, "createInferRuntime_INTERNAL", file)));
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

}  // namespace replayrt::tensorrt
