#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace replayrt::cli {

/// The program of this name in the folders of $PATH, as a shell finds it; none if there is none.
std::optional<std::filesystem::path> find_program(const std::string& name);

/// How another program ended.
struct ProcessEnd {
  int exit_code = 0;   ///< 128 + n if signal n ended it, as shells count.
  std::string output;  ///< Standard output and standard error, as they came.
};

/// Runs a program, whose path is the first of `command`, without a shell and without input, and
/// waits for its end. Throws Error(kFileAccess) if it cannot be started.
ProcessEnd run_process(const std::vector<std::string>& command);

}  // namespace replayrt::cli
