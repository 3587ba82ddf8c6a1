#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace replayrt::content {

/// SHA-256 over parts, each with its length before it, so that no two lists of parts are one.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::span<const std::byte> part);
  void add(std::string_view part);
  /// The bytes of a file, as one part. False if it cannot be read, or not all of `size` bytes.
  bool add_file(const std::filesystem::path& path, std::uintmax_t size);

  /// 64 lower case hexadecimal digits. Ends the sum.
  std::string hex();

 private:
  struct State;
  void update(const void* bytes, std::size_t size);
  std::unique_ptr<State> state_;
};

/// The content of a model's files, hashed when it is first asked for. Thread-safe.
class FileContent {
 public:
  /// Made before the files are loaded: it remembers how large and how old they are now. `options`:
  /// what else the hash is to name. A file that is not there does not count.
  FileContent(const std::vector<std::filesystem::path>& files, std::string options);

  /// Empty, and a warning the first time, if a file has changed since, or cannot be read.
  [[nodiscard]] std::string hash() const;

 private:
  struct File {
    std::filesystem::path path;
    std::uintmax_t size = 0;
    std::filesystem::file_time_type written;

    [[nodiscard]] bool is_unchanged() const;
  };
  static std::optional<File> look_at(const std::filesystem::path& path);
  [[nodiscard]] std::string compute() const;

  std::vector<File> files_;
  const std::string options_;
  mutable std::once_flag once_;
  mutable std::string hash_;
};

/// The same of a model in memory, at once.
std::string hash_of(std::span<const std::byte> model, std::string_view options);

}  // namespace replayrt::content
