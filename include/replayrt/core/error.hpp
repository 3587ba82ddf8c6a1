#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace replayrt {

/// What kind of thing went wrong. The comments name the Python reference's exception of the same
/// kind.
enum class ErrorCode {
  kInvalidParameter,   ///< An argument or option is out of its range (InvalidParameterError).
  kModelInput,         ///< A tensor does not fit the engine: count, dtype, shape (ModelInputError).
  kModelRuntime,       ///< The engine failed while it ran (ModelRuntimeError).
  kCorruptedModel,     ///< A model file cannot be read as a model (CorruptedModelPackageError).
  kUnsupported,        ///< A valid request that this backend or build cannot serve.
  kMissingDependency,  ///< A library, driver or backend is absent (MissingDependencyError).
  kInvalidEnvVariable,      ///< An environment variable has no valid value (InvalidEnvVariable).
  kFileAccess,              ///< A file cannot be opened, read or written.
  kOutOfMemory,             ///< Host or device memory is exhausted.
  kModelPackageRestricted,  ///< A limit of the caller forbids it (ModelPackageRestrictedError).
  kModelImplementationNotFound,  ///< No family for this package (ModelImplementationNotFoundError).
  kForbiddenLocalCode,        ///< It wants its own code run (ForbiddenLocalCodePackageAccessError).
  kDirectLocalStorageAccess,  ///< Local paths are not allowed (DirectLocalStorageAccessError).
  kMissingModelInitParameter,  ///< Loading needs to be told more (MissingModelInitParameterError).
  kInvalidModelInitParameter,  ///< Loading was told a wrong thing (InvalidModelInitParameterError).
};

/// "invalid_parameter", "model_input", … Never fails: an unknown code gives "unknown".
std::string_view to_string(ErrorCode code) noexcept;

/// The one exception that ReplayRT throws. The message names the thing at fault (file, key, tensor,
/// variable) and says what was expected.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace replayrt
