#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/build_plan.hpp"

namespace replayrt::cli {

/// The texts of --min, --opt and --max: "x:1x3x32x32;y:1x8", or a shape alone for a model with one
/// input (the name is then empty); empty where the flag was not given.
struct ShapeFlags {
  std::string min;
  std::string opt;
  std::string max;
};

/// A range of which less was given is completed: what --min or --max lacks is as in --opt, what
/// --opt lacks is as in --max, or else in --min. Throws UsageError that quotes the part at fault.
std::vector<InputShapes> parse_input_shapes(const ShapeFlags& flags);

/// "TensorRT-10.3.0-NVIDIA-H100-80GB-HBM3.timings" in $XDG_CACHE_HOME/replayrt, or
/// ~/.cache/replayrt; empty where neither is set.
std::filesystem::path default_timing_cache(std::string_view version, std::string_view device);

}  // namespace replayrt::cli
