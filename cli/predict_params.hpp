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
};

/// Reads "name=value"; names are the keyword arguments of the reference. Throws UsageError: an
/// unknown name (with the list of those that there are), a name that was given before, a value that
/// is none of that parameter's, a parameter that means nothing here. Whether the model has it is
/// the model's to say.
void parse_param(std::string_view text, PredictParams& params);

/// For the help: the names with what they take, one per line.
std::string params_help();

}  // namespace replayrt::cli
