#include "command.hpp"
#include "inspect_package.hpp"

namespace replayrt::cli {

std::vector<Command> add_commands(CLI::App& program, const std::string& command_line) {
  return {add_predict(program),
          add_inspect(program, inspect_package),
          add_bench(program, command_line),
          add_run(program),
          add_build(program),
          add_info(program)};
}

}  // namespace replayrt::cli
