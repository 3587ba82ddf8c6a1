#include "replayrt/saved_keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include "auto/saved_keys_text.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{64} << 20U;

[[noreturn]] void refuse_irregular(const fs::path& path) {
  throw Error(ErrorCode::kFileAccess, "key file '" + path.string() + "' is not a regular file");
}

[[noreturn]] void refuse(const fs::path& path, std::string_view action, int code) {
  throw Error(ErrorCode::kFileAccess, "key file '" + path.string() + "' cannot be " +
                                          std::string(action) + ": " +
                                          std::generic_category().message(code));
}

/// An open file; closed with this object.
class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

/// A new file of its own name beside the one that it is to become; removed unless it did.
class NewFile {
 public:
  explicit NewFile(const fs::path& target) : target_(target) {
    constexpr mode_t kMode = 0666;  // Less the umask: who may read it is the user's choice.
    static std::atomic<unsigned> made{0};
    do {  // A name that is taken was left by a process that died.
      name_ = target.string() + "." + std::to_string(::getpid()) + "." + std::to_string(made++);
      descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) {
      refuse(target_, "written", errno);
    }
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
      ::unlink(name_.c_str());
    }
  }

  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written < 0 && errno != EINTR) {
        refuse(target_, "written", errno);
      }
      text.remove_prefix(static_cast<std::size_t>(written < 0 ? 0 : written));
    }
  }

  /// On disk, under the name that it was made for.
  void finish() {
    if (::fsync(descriptor_) != 0 || ::rename(name_.c_str(), target_.c_str()) != 0) {
      refuse(target_, "written", errno);
    }
    ::close(descriptor_);
    descriptor_ = -1;
    // The new name is on disk when the folder is; some file systems cannot tell.
    const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
    const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() >= 0) {
      static_cast<void>(::fsync(directory.get()));
    }
  }

 private:
  const fs::path target_;
  std::string name_;
  int descriptor_ = -1;
};

/// What is to be replaced: a link stays a link, and a device or folder what it is.
fs::path target_of(const fs::path& path) {
  constexpr int kMostLinks = 40;  // As many as Linux follows.
  std::error_code ignored;
  fs::path target = path;
  for (int links = 0; fs::is_symlink(target, ignored); ++links) {  // Also to what is not there yet.
    if (links == kMostLinks) {
      refuse(path, "written", ELOOP);
    }
    target = target.parent_path() / fs::read_symlink(target, ignored);
  }
  if (fs::exists(target, ignored) && !fs::is_regular_file(target, ignored)) {
    refuse_irregular(path);
  }
  return target;
}

std::string read_text(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    refuse(path, "read", errno);
  }
  if (!S_ISREG(status.st_mode)) {
    refuse_irregular(path);
  }
  std::string text;
  constexpr std::size_t kPiece = std::size_t{1} << 16U;
  // As long as there is more: it may grow while it is read.
  for (ssize_t count = 1; count != 0;) {
    if (text.size() > kMostBytes) {
      throw Error(ErrorCode::kCorruptedModel, "key file '" + path.string() + "' holds more than " +
                                                  std::to_string(kMostBytes) + " bytes");
    }
    const std::size_t end = text.size();
    text.resize(end + kPiece);
    count = ::read(file.get(), text.data() + end, kPiece);
    if (count < 0 && errno != EINTR) {
      refuse(path, "read", errno);
    }
    text.resize(end + static_cast<std::size_t>(count < 0 ? 0 : count));
  }
  return text;
}

}  // namespace

void save_keys(const GraphCache& cache, const std::filesystem::path& path) {
  save_keys(cache.export_keys(), path);
}

void save_keys(std::span<const SavedKey> keys, const std::filesystem::path& path) {
  const std::string text = detail::saved_keys_text(keys);
  NewFile file(target_of(path));
  file.write(text);
  file.finish();
}

std::vector<SavedKey> load_keys(const std::filesystem::path& path) {
  return detail::parse_saved_keys(read_text(path), path.string());
}

PrewarmReport load_keys(GraphCache& cache, const std::filesystem::path& path,
                        std::span<const Engine* const> engines, PrewarmMode mode) {
  return cache.import_keys(load_keys(path), engines, mode);
}

}  // namespace replayrt
