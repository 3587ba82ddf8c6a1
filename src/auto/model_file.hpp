#pragma once

#include <filesystem>

namespace replayrt::detail {

/// Throws Error(kFileAccess) unless there is a file at `path` that can be read, and
/// Error(kCorruptedModel) if it is empty.
void require_readable_file(const std::filesystem::path& path);

}  // namespace replayrt::detail
