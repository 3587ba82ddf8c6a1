#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace replayrt::cli {

/// Size of a regular file that can be read. Throws Error(kFileAccess) that says what is wrong:
/// missing, a directory, not readable.
std::size_t readable_file_size(const std::filesystem::path& path);

/// The whole content. Throws Error(kFileAccess), also when it is larger than `most_bytes`.
std::string read_file(const std::filesystem::path& path, std::size_t most_bytes);

/// Throws Error(kFileAccess) if a file at `path` could not be written: lets a command fail before
/// it works for minutes.
void require_writable(const std::filesystem::path& path);

/// Makes the file at `path` appear at once and whole, or not at all: `write` fills a temporary file
/// beside it, which is then renamed. Throws Error(kFileAccess), and what `write` throws; nothing is
/// left then.
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const std::filesystem::path&)>& write);

/// The same for a content in memory.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Writes to standard output. A reader that has gone away is no error; a full disk is
/// (kFileAccess).
void write_stdout(std::string_view text);

}  // namespace replayrt::cli
