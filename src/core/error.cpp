#include "replayrt/core/error.hpp"

namespace replayrt {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidParameter:
      return "invalid_parameter";
    case ErrorCode::kModelInput:
      return "model_input";
    case ErrorCode::kModelRuntime:
      return "model_runtime";
    case ErrorCode::kCorruptedModel:
      return "corrupted_model";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kMissingDependency:
      return "missing_dependency";
    case ErrorCode::kInvalidEnvVariable:
      return "invalid_env_variable";
    case ErrorCode::kFileAccess:
      return "file_access";
    case ErrorCode::kOutOfMemory:
      return "out_of_memory";
    case ErrorCode::kModelPackageRestricted:
      return "model_package_restricted";
    case ErrorCode::kModelImplementationNotFound:
      return "model_implementation_not_found";
    case ErrorCode::kForbiddenLocalCode:
      return "forbidden_local_code";
    case ErrorCode::kDirectLocalStorageAccess:
      return "direct_local_storage_access";
    case ErrorCode::kMissingModelInitParameter:
      return "missing_model_init_parameter";
    case ErrorCode::kInvalidModelInitParameter:
      return "invalid_model_init_parameter";
  }
  return "unknown";
}

}  // namespace replayrt
