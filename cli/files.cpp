#include "files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Error file_error(const fs::path& path, std::string_view problem) {
  return {ErrorCode::kFileAccess, fmt::format("{}: {}", path.string(), problem)};
}

Error errno_error(const fs::path& path, std::string_view action, int code) {
  return file_error(path,
                    fmt::format("cannot {}: {}", action, std::generic_category().message(code)));
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

fs::path temporary_beside(const fs::path& path) {
  return folder_of(path) / fmt::format(".{}.{}.tmp", path.filename().string(), ::getpid());
}

/// A descriptor of a new file; messages name `path`, which it is made for.
int create_file(const fs::path& path, const fs::path& temporary) {
  constexpr mode_t kMode = 0666;
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  if (descriptor < 0) {
    throw errno_error(path, "write", errno);
  }
  return descriptor;
}

void write_and_close(const fs::path& path, int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      const int code = errno;
      ::close(descriptor);
      throw errno_error(path, "write", code);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(descriptor) != 0) {
    throw errno_error(path, "write", errno);
  }
}

}  // namespace

std::size_t readable_file_size(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw errno == ENOENT ? file_error(path, "no such file") : errno_error(path, "read", errno);
  }
  if (S_ISDIR(status.st_mode)) {
    throw file_error(path, "is a directory, expected a file");
  }
  if (!S_ISREG(status.st_mode)) {
    throw file_error(path, "is not a regular file");
  }
  if (::access(path.c_str(), R_OK) != 0) {
    throw errno_error(path, "read", errno);
  }
  return static_cast<std::size_t>(status.st_size);
}

std::string read_file(const fs::path& path, std::size_t most_bytes) {
  const std::size_t size = readable_file_size(path);
  if (size > most_bytes) {
    throw file_error(path, fmt::format("holds {} bytes, expected at most {}", size, most_bytes));
  }
  const File file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) {
    throw errno_error(path, "read", errno);
  }
  std::string content(size, '\0');
  content.resize(std::fread(content.data(), 1, size, file.get()));
  if (std::ferror(file.get()) != 0) {
    throw errno_error(path, "read", errno);
  }
  return content;
}

void require_writable(const fs::path& path) {
  const fs::path folder = folder_of(path);
  std::error_code ignored;
  if (path.empty() || fs::is_directory(path, ignored) || path.filename().empty()) {
    throw file_error(path, "cannot be written: is a directory, expected a file name");
  }
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
    // A rename would replace the device or pipe itself.
    throw file_error(path, "cannot be written: is not a regular file");
  }
  if (!fs::is_directory(folder, ignored)) {
    throw file_error(path,
                     fmt::format("cannot be written: no such directory as {}", folder.string()));
  }
  // Only trying tells: root passes every check of permissions, also where nothing can be made.
  const fs::path temporary = temporary_beside(path);
  ::close(create_file(path, temporary));
  ::unlink(temporary.c_str());
}

void write_atomically(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  require_writable(path);
  // A link stays a link, and a rename is atomic only within one file system.
  const fs::path target = fs::is_symlink(path) ? fs::weakly_canonical(path) : path;
  const fs::path temporary = temporary_beside(target);
  try {
    write(temporary);
    if (std::rename(temporary.c_str(), target.c_str()) != 0) {
      throw errno_error(path, "write", errno);
    }
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  write_atomically(path, [&](const fs::path& temporary) {
    write_and_close(path, create_file(path, temporary), content);
  });
}

void write_stdout(std::string_view text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written && errno != EPIPE) {
    throw Error(ErrorCode::kFileAccess, fmt::format("cannot write to standard output: {}",
                                                    std::generic_category().message(errno)));
  }
}

}  // namespace replayrt::cli
