#include "json_lines.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "files.hpp"
#include "progress.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

class StandardOutput : public JsonLines {
 public:
  void write(const std::string& line) override {
    ProgressBar::clear_line();  // Both may be the same terminal.
    write_stdout(line + "\n");
  }
};

class FileLines : public JsonLines {
 public:
  /// Messages name `path`, which the file at `temporary` is to become.
  FileLines(const std::filesystem::path& path, const std::filesystem::path& temporary)
      : path_(path), file_(std::fopen(temporary.c_str(), "wbxe"), &std::fclose) {
    require(file_ != nullptr);
  }

  void write(const std::string& line) override {
    require(std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size());
    require(std::fputc('\n', file_.get()) != EOF);
  }

  void close() { require(std::fclose(file_.release()) == 0); }

 private:
  void require(bool well) const {
    if (!well) {
      throw Error(ErrorCode::kFileAccess, fmt::format("{}: cannot write: {}", path_.string(),
                                                      std::generic_category().message(errno)));
    }
  }

  const std::filesystem::path& path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace

void with_json_lines(const std::filesystem::path& path,
                     const std::function<void(JsonLines&)>& work) {
  if (path.empty() || path == "-") {
    StandardOutput lines;
    work(lines);
    return;
  }
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    FileLines lines(path, temporary);
    work(lines);
    lines.close();
  });
}

}  // namespace replayrt::cli
