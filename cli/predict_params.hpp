#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "replayrt/auto_model.hpp"

namespace replayrt::cli {

/// The texts of --param, read.
struct PredictParams {
  PredictOptions options;
  std::vector<std::string> given;  ///< The names, in their order.
  /// Those of `given` that belong to tasks which ReplayRT does not have.
  std::vector<std::string> of_other_tasks;
};

/// Reads "name=value"; names are the keyword arguments of the reference. Throws UsageError: an
/// unknown name (with the list of those that there are), a name that was given before, a value that
/// is none of that parameter's.
void parse_param(std::string_view text, PredictParams& params);

/// Throws UsageError if a parameter was given that no model of this task has.
void require_params_of(const PredictParams& params, Task task);

/// For the help: the names with what they take, one per line.
std::string params_help();

}  // namespace replayrt::cli
