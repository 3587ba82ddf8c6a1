#include "auto/model_file.hpp"

#include <fstream>
#include <string>
#include <system_error>

#include "replayrt/core/error.hpp"

namespace replayrt::detail {

void require_readable_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const auto refuse = [&](ErrorCode code, const std::string& message) {
    throw Error(code, "model file '" + path.string() + "' " + message);
  };
  if (!std::filesystem::exists(status)) {
    refuse(ErrorCode::kFileAccess, "does not exist");
  }
  if (std::filesystem::is_directory(status)) {
    refuse(ErrorCode::kFileAccess, "is a directory: expected a model file");
  }
  if (!std::ifstream(path, std::ios::binary)) {
    refuse(ErrorCode::kFileAccess, "cannot be opened for reading");
  }
  if (std::filesystem::is_regular_file(status) && std::filesystem::file_size(path, error) == 0) {
    refuse(ErrorCode::kCorruptedModel, "is empty");
  }
}

}  // namespace replayrt::detail
