// The commands of a program that knows neither model packages nor pictures.

#include <fmt/format.h>

#include "command.hpp"
#include "flags.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

void refuse_package(const LoadFlags& flags, bool /*as_json*/) {
  throw Error(ErrorCode::kUnsupported,
              fmt::format("{} is a directory: this program was built without what reads model "
                          "packages; build it with -DREPLAYRT_MODELS=ON",
                          in_quotes(flags.model.string())));
}

}  // namespace

std::vector<Command> add_commands(CLI::App& program, const std::string& command_line) {
  return {add_inspect(program, refuse_package), add_bench(program, command_line), add_run(program),
          add_build(program), add_info(program)};
}

}  // namespace replayrt::cli
