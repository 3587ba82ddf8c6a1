#include "backends/tensorrt/plan_file.hpp"

#include <fstream>
#include <string>

#include "replayrt/core/error.hpp"

namespace replayrt::tensorrt {

std::vector<std::byte> read_plan(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (size < 0) {
    throw Error(ErrorCode::kFileAccess,
                "plan file '" + path.string() + "' cannot be opened for reading");
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), size)) {
    throw Error(ErrorCode::kFileAccess, "plan file '" + path.string() + "' cannot be read: got " +
                                            std::to_string(file.gcount()) + " of " +
                                            std::to_string(size) + " bytes");
  }
  return bytes;
}

}  // namespace replayrt::tensorrt
