// The commands of a program that knows neither model packages nor pictures.

#include <fmt/format.h>

#include "command.hpp"
#include "flags.hpp"
#include "replayrt/core/error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

[[noreturn]] void refuse_package(const LoadFlags& flags) {
  throw Error(ErrorCode::kUnsupported,
              fmt::format("{} is a directory: this program was built without what reads model "
                          "packages; build it with -DREPLAYRT_MODELS=ON",
                          in_quotes(flags.model.string())));
}

}  // namespace

std::vector<Command> add_commands(CLI::App& program, const std::string& command_line) {
  const auto inspect = [](const LoadFlags& flags, bool /*as_json*/) { refuse_package(flags); };
  const auto find_weights = [](const LoadFlags& flags) -> std::filesystem::path {
    refuse_package(flags);
  };
  return {add_inspect(program, inspect),
          add_bench(program, command_line),
          add_doctor(program, find_weights, command_line),
          add_run(program),
          add_build(program),
          add_info(program)};
}

}  // namespace replayrt::cli
