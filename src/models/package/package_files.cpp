#include "models/package/package_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "models/package/md5.hpp"
#include "models/package/text.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::models {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostListed = 20;
constexpr std::size_t kMostEntries = 100'000;

std::string reason_of(int error) {
  return std::error_code(error, std::generic_category()).message();
}

/// An open file.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  OpenFile(OpenFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  OpenFile& operator=(OpenFile&&) = delete;

  [[nodiscard]] struct stat status() const {
    struct stat status {};
    ::fstat(descriptor_, &status);
    return status;
  }

  /// The next bytes, none at the end of the file; nullopt: `errno` says why not.
  std::optional<std::string_view> read(std::string& buffer) const {
    while (true) {
      const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
      if (got >= 0) {
        return std::string_view(buffer.data(), static_cast<std::size_t>(got));
      }
      if (errno != EINTR) {
        return std::nullopt;
      }
    }
  }

 private:
  int descriptor_;
};

/// Opens a regular file that is itself no link; `why` says why it cannot.
std::optional<OpenFile> open_regular(const fs::path& path, std::string& why) {
  // A pipe or a device must not block before it is known for one.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) {
    why = errno == ELOOP ? "is a link" : "cannot be opened: " + reason_of(errno);
    return std::nullopt;
  }
  OpenFile file(descriptor);
  if (!S_ISREG(file.status().st_mode)) {
    why = "is no regular file";
    return std::nullopt;
  }
  return file;
}

/// Where `path` leads to, if that is within `folder`.
std::optional<fs::path> resolve(const fs::path& folder, const fs::path& path, std::string& why) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(path, error);
  if (error) {
    why = "cannot be resolved: " + error.message();
    return std::nullopt;
  }
  if (std::ranges::mismatch(folder, target).in1 != folder.end()) {
    why = "is a link out of the package, to " + in_quotes(target.string()) +
          ": expected a file of the package; copy it with 'cp -L'";
    return std::nullopt;
  }
  if (!fs::exists(target, error)) {
    why = "is a link to " + in_quotes(target.string()) + ", which is not there";
    return std::nullopt;
  }
  return target;
}

std::optional<OpenFile> open_within(const fs::path& folder, const std::string& name,
                                    std::string& why) {
  const std::optional<fs::path> target = resolve(folder, folder / name, why);
  return target ? open_regular(*target, why) : std::nullopt;
}

std::optional<std::string> read_all(const OpenFile& file, std::size_t most_bytes,
                                    std::string& why) {
  const auto size = static_cast<std::size_t>(file.status().st_size);
  std::string content;
  std::string buffer(std::size_t{64} << 10, '\0');
  while (size <= most_bytes) {
    const std::optional<std::string_view> piece = file.read(buffer);
    if (!piece) {
      why = "cannot be read: " + reason_of(errno);
      return std::nullopt;
    }
    if (piece->empty()) {
      return content;
    }
    if (content.size() + piece->size() > most_bytes) {
      break;  // It grew.
    }
    content.append(*piece);
  }
  why = "is larger than " + std::to_string(most_bytes) + " bytes: expected a smaller file";
  return std::nullopt;
}

bool is_unchanged(const struct stat& before, const struct stat& after) {
  return before.st_size == after.st_size && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec &&
         before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
         before.st_ctim.tv_nsec == after.st_ctim.tv_nsec;
}

}  // namespace

PackageFiles::PackageFiles(const fs::path& folder) : folder_(folder) {
  std::error_code error;
  const fs::directory_iterator can_be_listed(folder, error);
  if (!error) {
    canonical_folder_ = fs::canonical(folder, error);
  }
  if (error) {
    throw Error(ErrorCode::kFileAccess, "package " + in_quotes(folder.string()) +
                                            " is no folder that can be read: " + error.message());
  }
}

bool PackageFiles::has(const std::string& name) const {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(canonical_folder_ / name, ignored));
}

std::string PackageFiles::list() const {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator at(canonical_folder_, error);
  while (!error && at != fs::directory_iterator() && names.size() < kMostEntries) {
    names.push_back(in_quotes(at->path().filename().string()));
    at.increment(error);
  }
  if (names.empty()) {
    return "nothing";
  }
  std::ranges::sort(names);
  if (names.size() > kMostListed) {
    const std::size_t more = names.size() - kMostListed;
    names.resize(kMostListed);
    return join(names, ", ") + " and " + std::to_string(more) + " more";
  }
  return join(names, ", ");
}

std::optional<std::string_view> PackageFiles::read(const std::string& name, std::size_t most_bytes,
                                                   bool required,
                                                   std::vector<PackageProblem>& problems) {
  ProblemList list(name, problems);
  if (!has(name)) {
    if (required) {
      list.error("", "is missing: the package needs it");
    }
    return std::nullopt;
  }
  std::string why;
  const std::optional<OpenFile> file = open_within(canonical_folder_, name, why);
  std::optional<std::string> content =
      file ? read_all(*file, most_bytes, why) : std::optional<std::string>();
  if (!content) {
    list.error("", why);
    return std::nullopt;
  }
  return contents_[name] = std::move(*content);
}

std::optional<fs::path> PackageFiles::find(const std::string& name,
                                           std::vector<PackageProblem>& problems) const {
  if (!has(name)) {
    return std::nullopt;
  }
  std::string why;
  if (!open_within(canonical_folder_, name, why)) {
    ProblemList(name, problems).error("", why);
    return std::nullopt;
  }
  return folder_ / name;
}

std::optional<std::string> PackageFiles::md5(const std::string& name, std::string& why) const {
  const std::optional<OpenFile> file = open_regular(canonical_folder_ / name, why);
  if (!file) {
    return std::nullopt;
  }
  Md5 sum;
  if (const auto read = contents_.find(name); read != contents_.end()) {
    sum.add(read->second);
    return sum.hex();
  }
  const struct stat before = file->status();
  std::string buffer(std::size_t{1} << 20, '\0');
  while (true) {
    const std::optional<std::string_view> piece = file->read(buffer);
    if (!piece) {
      why = "cannot be read: " + reason_of(errno);
      return std::nullopt;
    }
    if (piece->empty()) {
      break;
    }
    sum.add(*piece);
  }
  if (!is_unchanged(before, file->status())) {
    why = "changed while it was read";
    return std::nullopt;
  }
  return sum.hex();
}

}  // namespace replayrt::models
