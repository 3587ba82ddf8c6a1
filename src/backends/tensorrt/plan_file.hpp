#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace replayrt::tensorrt {

/// The bytes of a plan file. Throws Error(kFileAccess) that names the file if it cannot be read
/// whole.
std::vector<std::byte> read_plan(const std::filesystem::path& path);

}  // namespace replayrt::tensorrt
