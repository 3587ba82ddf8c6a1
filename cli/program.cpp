#include "program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"
#include "files.hpp"
#include "logging.hpp"
#include "replayrt/core/version.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr int kSuccess = 0;
constexpr int kRuntimeError = 1;
constexpr int kUsageError = 2;

constexpr const char* kDescription =
    "ReplayRT runs models whose input shapes vary: it captures each shape once and replays it.";

constexpr const char* kProgramFooter =
    R"(Examples:
  replayrt predict package/ pictures/ --json found.jsonl --save drawn/
  replayrt inspect model.onnx
  replayrt bench model.onnx --shapes 1x3x48x320,1x3x48x640
  replayrt doctor model.onnx --trace shapes.txt
  replayrt run model.onnx --input x.npy --output y.npz --repeat 3
  replayrt build model.onnx -o model.plan --opt 1x3x224x224
  replayrt families
  replayrt info

`replayrt COMMAND --help` tells more. Results go to standard output, messages to standard error.
Exit codes: 0 success, 1 error while working, 2 wrong command line, shape or trace.)";

int report_error(std::string_view message, int code) {
  std::fputs(fmt::format("replayrt: error: {}\n", one_line(message)).c_str(), stderr);
  return code;
}

/// What the parser complains about, and where to read more.
std::string parse_problem(const CLI::App& program, const std::vector<Command>& commands,
                          const CLI::ParseError& error) {
  std::string help = "replayrt --help";
  for (const Command& command : commands) {
    if (command.parser->parsed()) {
      help = fmt::format("replayrt {} --help", command.parser->get_name());
    }
  }
  // Something unknown is often why something else is missing, so that is what to tell.
  const std::vector<std::string> unknown = program.remaining(true);
  const std::string problem =
      unknown.empty() ? error.what() : fmt::format("unexpected argument {}", in_quotes(unknown[0]));
  return fmt::format("{} (see `{}`)", problem, help);
}

int run(int argc, const char* const* argv, AddCommands* add_commands) {
  CLI::App program(kDescription, "replayrt");
  program.footer(kProgramFooter);
  program.require_subcommand(1);
  program.fallthrough();
  program.set_version_flag("--version", fmt::format("replayrt {}", kVersion));
  LogLevel level = LogLevel::kWarning;
  program.add_flag_callback(
      "-v,--verbose", [&level] { level = LogLevel::kDebug; },
      "Print debug messages: --log-level debug");
  program
      .add_option_function<std::string>(
          "--log-level", [&level](const std::string& text) { level = parse_log_level(text); },
          "Least level of messages on standard error: debug, info, warning, error, off\n"
          "(default: warning)")
      ->type_name("LEVEL");
  const std::vector<Command> commands = add_commands(program, shell_command(argc, argv));
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help and --version
    std::ostringstream text;
    program.exit(success, text, text);
    write_stdout(text.str());
    return kSuccess;
  } catch (const CLI::ParseError& error) {
    return report_error(parse_problem(program, commands, error), kUsageError);
  }
  start_logging(level);
  for (const Command& command : commands) {
    if (command.parser->parsed()) {
      command.run();
    }
  }
  return kSuccess;
}

}  // namespace

int run_program(int argc, const char* const* argv, AddCommands* add_commands,
                std::optional<ErrorCode>* error) noexcept {
  const auto fail = [&](std::string_view message, int exit_code, ErrorCode code) {
    if (error != nullptr) {
      *error = code;
    }
    return report_error(message, exit_code);
  };
  try {
    return run(argc, argv, add_commands);
  } catch (const UsageError& wrong) {
    return fail(wrong.what(), kUsageError, ErrorCode::kInvalidParameter);
  } catch (const Error& failure) {
    return fail(failure.what(), kRuntimeError, failure.code());
  } catch (const std::bad_alloc&) {
    return fail("out of memory", kRuntimeError, ErrorCode::kOutOfMemory);
  } catch (const std::exception& failure) {
    return fail(failure.what(), kRuntimeError, ErrorCode::kModelRuntime);
  }
}

}  // namespace replayrt::cli
