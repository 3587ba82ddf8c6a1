#pragma once

#include <memory>
#include <string>

#include "backends/tensorrt/api.hpp"

namespace replayrt::tensorrt {

/// The name of the environment variable that names another library than `libnvinfer.so.N`.
inline constexpr const char* kLibraryVariable = "REPLAYRT_TENSORRT_LIBRARY";

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

  [[nodiscard]] const Version& version() const noexcept { return version_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  using CreateRuntime = void* (*)(void* logger, std::int32_t version) noexcept;

  Library(std::string file, Version version, CreateRuntime create)
      : file_(std::move(file)), version_(version), create_runtime_(create) {}

  std::string file_;
  Version version_;
  CreateRuntime create_runtime_;
};

}  // namespace replayrt::tensorrt
