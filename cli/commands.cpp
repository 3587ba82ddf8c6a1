#include <fmt/format.h>

#include "command.hpp"
#include "inspect_package.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::cli {
namespace {

std::filesystem::path package_weights(const LoadFlags& flags) {
  if (!looks_like_package(flags.model)) {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("{}: is a directory, and no model package, which would have a "
                            "model_config.json",
                            flags.model.string()));
  }
  const ModelPackage package = read_model_package(flags.model);
  require_no_errors(package);
  const std::optional<std::filesystem::path> weights =
      loadable_weights(package, flags.options.backend);
  if (!weights) {
    throw Error(ErrorCode::kMissingDependency,
                fmt::format("{}: this package has no weights for a backend that is here; "
                            "`replayrt info` says what is missing",
                            flags.model.string()));
  }
  return *weights;
}

}  // namespace

std::vector<Command> add_commands(CLI::App& program, const std::string& command_line) {
  return {add_predict(program),
          add_inspect(program, inspect_package),
          add_bench(program, command_line),
          add_doctor(program, package_weights, command_line),
          add_run(program),
          add_build(program),
          add_families(program),
          add_info(program)};
}

}  // namespace replayrt::cli
