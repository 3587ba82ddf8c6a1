#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace replayrt::cli {

/// One command of the program: its parser, and what to do once everything is parsed.
struct Command {
  CLI::App* parser = nullptr;
  std::function<void()> run;
};

struct LoadFlags;

/// What `inspect` does with a folder.
using InspectPackage = std::function<void(const LoadFlags& flags, bool as_json)>;

/// The weights of the package in the folder `flags.model`. Throws Error.
using FindWeights = std::function<std::filesystem::path(const LoadFlags& flags)>;

Command add_inspect(CLI::App& program, InspectPackage inspect_package);
/// `command_line` is what the report says was called.
Command add_bench(CLI::App& program, std::string command_line);
/// As `add_bench`.
Command add_doctor(CLI::App& program, FindWeights find_weights, std::string command_line);
Command add_run(CLI::App& program);
Command add_build(CLI::App& program);
/// Not of a program that knows no model packages, as `add_predict`.
Command add_families(CLI::App& program);
Command add_info(CLI::App& program);
Command add_predict(CLI::App& program);

/// Adds the commands that this program has: commands.cpp in a build that knows model packages,
/// engine_commands.cpp in one that does not and in the rehearsal of the GPU proof.
std::vector<Command> add_commands(CLI::App& program, const std::string& command_line);

}  // namespace replayrt::cli
