#include "backends/content/content_hash.hpp"

#include <sha2.h>

#include <array>
#include <fstream>
#include <system_error>
#include <utility>

#include "replayrt/core/log.hpp"

namespace replayrt::content {

struct Sha256::State {
  SHA2_CTX context{};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  SHA256Init(&state_->context);
}
Sha256::~Sha256() = default;

void Sha256::update(const void* bytes, std::size_t size) {
  SHA256Update(&state_->context, static_cast<const std::uint8_t*>(bytes), size);
}

void Sha256::add(std::span<const std::byte> part) {
  add(std::string_view(reinterpret_cast<const char*>(part.data()), part.size()));
}

void Sha256::add(std::string_view part) {
  const std::string length = std::to_string(part.size()) + ":";
  update(length.data(), length.size());
  update(part.data(), part.size());
}

bool Sha256::add_file(const std::filesystem::path& path, std::uintmax_t size) {
  const std::string length = std::to_string(size) + ":";
  update(length.data(), length.size());
  std::ifstream file(path, std::ios::binary);
  std::vector<char> piece(std::size_t{1} << 16U);
  std::uintmax_t read = 0;
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    update(piece.data(), count);
    read += count;
  }
  return read == size && file.eof();
}

std::string Sha256::hex() {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256Final(digest.data(), &state_->context);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned byte : digest) {
    text.append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 0xFU]);
  }
  return text;
}

std::optional<FileContent::File> FileContent::look_at(const std::filesystem::path& path) {
  std::error_code error;
  File file{.path = path, .size = std::filesystem::file_size(path, error), .written = {}};
  if (error) {
    return std::nullopt;
  }
  file.written = std::filesystem::last_write_time(path, error);
  return error ? std::nullopt : std::optional(std::move(file));
}

bool FileContent::File::is_unchanged() const {
  const std::optional<File> now = look_at(path);
  return now.has_value() && now->size == size && now->written == written;
}

FileContent::FileContent(const std::vector<std::filesystem::path>& files, std::string options)
    : options_(std::move(options)) {
  for (const std::filesystem::path& path : files) {
    std::error_code error;
    // The working folder may be another one when the hash is asked for.
    if (auto file = look_at(std::filesystem::absolute(path, error))) {
      files_.push_back(*std::move(file));
    }
  }
}

std::string FileContent::hash() const {
  std::call_once(once_, [this] { hash_ = compute(); });
  return hash_;
}

std::string FileContent::compute() const {
  Sha256 sum;
  sum.add(options_);
  for (const File& file : files_) {
    // Looked at afterwards: what changed meanwhile may have been read in part.
    if (!sum.add_file(file.path, file.size) || !file.is_unchanged()) {
      log(LogLevel::kWarning, "model file '" + file.path.string() +
                                  "' has changed since it was loaded, or cannot be read: its "
                                  "graph keys cannot be saved");
      return {};
    }
  }
  return files_.empty() ? std::string() : sum.hex();
}

std::string hash_of(std::span<const std::byte> model, std::string_view options) {
  Sha256 sum;
  sum.add(options);
  sum.add(model);
  return sum.hex();
}

}  // namespace replayrt::content
