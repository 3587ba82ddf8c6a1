#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cli {

/// `add_commands` (command.hpp), of which a program links the one that has its commands.
using AddCommands = std::vector<Command>(CLI::App& program, const std::string& command_line);

/// Runs the command line; `argv[0]` is the program's name. Gives its exit code: 0 success, 1 error
/// while working, 2 wrong command line, shape or trace. Results are on standard output, errors, as
/// all messages, on standard error. The log sink of the process is its own from then on, so it is
/// for one caller at a time. What happens to signals is the caller's concern. `error`, if given, is
/// set to the code of the Error that ended it, for hosts that tell it in another way, too.
int run_program(int argc, const char* const* argv, AddCommands* add_commands,
                std::optional<ErrorCode>* error = nullptr) noexcept;

}  // namespace replayrt::cli
