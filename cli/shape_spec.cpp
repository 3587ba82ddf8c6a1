#include "shape_spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "error.hpp"
#include "files.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::size_t kMostTraceBytes = 64U << 20U;
constexpr std::string_view kExpected =
    "expected 1x3x48x320, or name:1x3;name2:2x5 for several inputs";

Shape parse_positive_shape(std::string_view text) {
  if (text.empty()) {
    throw UsageError("an empty shape");
  }
  Shape shape;
  try {
    shape = Shape::parse(text);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 0) {
      throw UsageError(
          fmt::format("dimension {} of {} is 0, but must be at least 1", axis, in_quotes(text)));
    }
  }
  return shape;
}

NamedShape parse_part(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return {"", parse_positive_shape(text)};
  }
  const std::string_view name = trim(text.substr(0, colon));
  if (name.empty()) {
    throw UsageError(fmt::format("{} has no name before the colon", in_quotes(text)));
  }
  return {std::string(name), parse_positive_shape(trim(text.substr(colon + 1)))};
}

std::string_view without_comment(std::string_view line) noexcept {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    // A `#` inside a name is part of it.
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') {
      return line.substr(0, at);
    }
  }
  return line;
}

}  // namespace

ShapeSpec parse_shape_spec(std::string_view text) {
  ShapeSpec spec;
  try {
    for (const std::string_view part : split(text, ';')) {
      spec.push_back(parse_part(trim(part)));
    }
    for (const NamedShape& input : spec) {
      if (input.name.empty() && spec.size() > 1) {
        throw UsageError("with several inputs every shape needs the name of its input");
      }
      if (std::ranges::count(spec, input.name, &NamedShape::name) > 1) {
        throw UsageError(fmt::format("input {} is given twice", in_quotes(input.name)));
      }
    }
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("shape {}: {}; {}", in_quotes(text), error.what(), kExpected));
  }
  return spec;
}

std::string to_string(const ShapeSpec& spec) {
  std::vector<std::string> parts;
  for (const NamedShape& input : spec) {
    parts.push_back(input.name.empty() ? input.shape.to_string()
                                       : input.name + ":" + input.shape.to_string());
  }
  return join(parts, ";");
}

std::vector<ShapeSpec> parse_shape_list(std::string_view text) {
  std::vector<ShapeSpec> specs;
  for (const std::string_view part : split(text, ',')) {
    specs.push_back(parse_shape_spec(trim(part)));
  }
  return specs;
}

std::vector<TraceLine> parse_trace(std::string_view content, std::string_view source) {
  std::vector<TraceLine> lines;
  std::size_t number = 0;
  for (const std::string_view raw : split(content, '\n')) {
    ++number;
    const std::string_view line = trim(without_comment(raw));
    if (line.empty()) {
      continue;
    }
    try {
      lines.push_back({number, parse_shape_spec(line)});
    } catch (const UsageError& error) {
      throw UsageError(fmt::format("{}:{}: {}", source, number, error.what()));
    }
  }
  if (lines.empty()) {
    throw UsageError(fmt::format("{}: the trace holds no shape; expected one per line", source));
  }
  return lines;
}

std::vector<TraceLine> read_trace(const std::filesystem::path& path) {
  return parse_trace(read_file(path, kMostTraceBytes), path.string());
}

}  // namespace replayrt::cli
