#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace replayrt::cli {

/// Where lines of JSON go, one after the other as they come.
class JsonLines {
 public:
  virtual ~JsonLines() = default;
  /// Throws Error(kFileAccess).
  virtual void write(const std::string& line) = 0;
};

/// Runs `work`, which writes to standard output if `path` is empty or "-"; else to a file, which
/// appears whole once `work` is done, or not at all. Throws Error(kFileAccess), and what `work`
/// throws.
void with_json_lines(const std::filesystem::path& path,
                     const std::function<void(JsonLines&)>& work);

}  // namespace replayrt::cli
