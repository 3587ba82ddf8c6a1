#pragma once

#include <memory>
#include <string>

#include "backends/tensorrt/api.hpp"

namespace nvinfer1 {
class IBuilder;
}

namespace replayrt::tensorrt {

/// The name of the environment variable that names another library than `libnvinfer.so.N`.
inline constexpr const char* kLibraryVariable = "REPLAYRT_TENSORRT_LIBRARY";

/// A function of an opened library. Throws Error(kMissingDependency) that calls the library `what`
/// and ends in what this build needs, if there is none of that name.
void* find_function(void* handle, const char* symbol, const std::string& what);

/// "this build of ReplayRT needs TensorRT 10.3 or a later 10.x"
std::string needed_version();

/// Opens a library for good: TensorRT's threads and globals do not survive its closing. Null, and
/// why in `why`, if it cannot be.
void* open_library(const std::string& file, std::string& why);

/// TensorRT's runtime library, opened when it is first needed, so that a program starts on a
/// machine without it. It stays open until the process ends. Thread-safe.
class Library {
 public:
  /// Opens the library that REPLAYRT_TENSORRT_LIBRARY names, else `libnvinfer.so.N` of the headers'
  /// major version, and checks that it can serve what was compiled against the headers: their major
  /// version, and at least their minor (a virtual call that it lacks would crash). Throws
  /// Error(kMissingDependency) that says what was found and what is needed.
  static std::shared_ptr<const Library> open();

  /// Throws Error(kModelRuntime) if TensorRT makes none. `logger` must outlive it.
  [[nodiscard]] Owned<nvinfer1::IRuntime> create_runtime(nvinfer1::ILogger& logger) const;

  /// The same for a builder. Throws Error(kMissingDependency) where the library has none (the lean
  /// and dispatch runtimes).
  [[nodiscard]] Owned<nvinfer1::IBuilder> create_builder(nvinfer1::ILogger& logger) const;

  [[nodiscard]] const Version& version() const noexcept { return version_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  using Create = void* (*)(void* logger, std::int32_t version) noexcept;

  Library(std::string file, Version version, void* handle, Create create)
      : file_(std::move(file)), version_(version), handle_(handle), create_runtime_(create) {}

  std::string file_;
  Version version_;
  void* handle_;
  Create create_runtime_;
};

}  // namespace replayrt::tensorrt
