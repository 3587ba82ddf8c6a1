#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>

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

}  // namespace replayrt::cli
