#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "replayrt/core/shape.hpp"

namespace replayrt::cli {

/// The shape of one input. The name is empty in a spec for a model with a single input.
struct NamedShape {
  std::string name;
  Shape shape;

  friend bool operator==(const NamedShape&, const NamedShape&) = default;
};

/// The shapes of all inputs of one call: one without a name, or any number with different names.
using ShapeSpec = std::vector<NamedShape>;

/// Reads "1x3x48x320" or "ids:1x128;mask:1x128". A name ends at the last colon, so that it may hold
/// colons itself. Throws UsageError that quotes the part at fault.
ShapeSpec parse_shape_spec(std::string_view text);

/// The inverse.
std::string to_string(const ShapeSpec& spec);

/// Reads specs with commas between them.
std::vector<ShapeSpec> parse_shape_list(std::string_view text);

/// One call of a trace.
struct TraceLine {
  std::size_t number = 0;  ///< Of the line in the file, from 1.
  ShapeSpec spec;
};

/// Reads a trace: one spec per line; blank lines and what follows a `#` (at the start of a line or
/// after a blank) are left out. Throws UsageError that names `source`, the line's number and its
/// text, and for a trace without any shape.
std::vector<TraceLine> parse_trace(std::string_view content, std::string_view source);

/// Reads a trace file. Throws as parse_trace does, and Error(kFileAccess).
std::vector<TraceLine> read_trace(const std::filesystem::path& path);

}  // namespace replayrt::cli
