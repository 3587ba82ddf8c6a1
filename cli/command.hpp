#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

namespace replayrt::cli {

/// One command of the program: its parser, and what to do once everything is parsed.
struct Command {
  CLI::App* parser = nullptr;
  std::function<void()> run;
};

Command add_inspect(CLI::App& program);
/// `command_line` is what the report says was called.
Command add_bench(CLI::App& program, std::string command_line);
Command add_run(CLI::App& program);
Command add_build(CLI::App& program);
Command add_info(CLI::App& program);
Command add_predict(CLI::App& program);

/// Adds the commands that this program has. Not part of the libraries: the rehearsal of the GPU
/// proof has a list of its own.
std::vector<Command> add_commands(CLI::App& program, const std::string& command_line);

}  // namespace replayrt::cli
