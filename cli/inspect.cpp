#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "table.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr const char* kFooter =
    R"(Examples:
  replayrt inspect model.onnx
  replayrt inspect model.onnx --json
  replayrt inspect model.onnx --fuse argmax:logits:-1   # the outputs as they are after the edit

In shapes `?` is a dimension that may have any extent, `1..8` one from 1 to 8.)";

using Json = nlohmann::ordered_json;

struct InspectOptions {
  LoadFlags load;
  bool as_json = false;
};

std::string range_text(const DimensionRange& range) {
  if (!range.is_dynamic()) {
    return fmt::format("{}", range.min);
  }
  std::string text = range.max == DimensionRange::kUnbounded
                         ? fmt::format("{} or more", range.min)
                         : fmt::format("{} to {}", range.min, range.max);
  if (range.opt) {
    text += fmt::format(" (best {})", *range.opt);
  }
  return text;
}

/// What the dynamic dimensions may be: "dim 0: 1 or more; dim 3: 8 to 64".
std::string dynamic_text(const TensorSpec& spec) {
  std::vector<std::string> parts;
  for (std::size_t axis = 0; spec.dims && axis < spec.dims->size(); ++axis) {
    const DimensionRange& range = (*spec.dims)[axis];
    if (range.is_dynamic()) {
      parts.push_back(fmt::format("dimension {}: {}", axis, range_text(range)));
    }
  }
  return join(parts, "; ");
}

std::string specs_text(const char* title, const std::vector<TensorSpec>& specs) {
  std::string text = fmt::format("\n{}\n", title);
  std::size_t widest_name = 0;
  std::size_t widest_shape = 0;
  for (const TensorSpec& spec : specs) {
    widest_name = std::max(widest_name, spec.name.size());
    widest_shape = std::max(widest_shape, spec.shape_text().size());
  }
  for (const TensorSpec& spec : specs) {
    const std::string line =
        fmt::format("  {:<{}}  {:<6}  {:<{}}  {}", spec.name, widest_name, to_string(spec.dtype),
                    spec.shape_text(), widest_shape, dynamic_text(spec));
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string inspect_text(const InspectOptions& options, const Engine& engine) {
  return fmt::format("model      {}\nbackend    {}\ndevice     {}\nprecision  {}\n",
                     options.load.model.string(), backend_text(engine.backend_name()),
                     engine.device().to_string(), precision_text(engine, options.load)) +
         specs_text("inputs", engine.inputs()) + specs_text("outputs", engine.outputs());
}

Json specs_json(const std::vector<TensorSpec>& specs) {
  Json list = Json::array();
  for (const TensorSpec& spec : specs) {
    Json dims = nullptr;
    if (spec.dims) {
      dims = Json::array();
      for (const DimensionRange& range : *spec.dims) {
        Json dim = {{"min", range.min}, {"max", range.max}, {"dynamic", range.is_dynamic()}};
        if (range.max == DimensionRange::kUnbounded) {
          dim["max"] = nullptr;
        }
        if (range.opt) {
          dim["opt"] = *range.opt;
        }
        dims.push_back(std::move(dim));
      }
    }
    list.push_back({{"name", spec.name},
                    {"dtype", to_string(spec.dtype)},
                    {"shape", spec.shape_text()},
                    {"dynamic", spec.is_dynamic()},
                    {"dims", std::move(dims)}});
  }
  return list;
}

std::string inspect_json(const InspectOptions& options, const Engine& engine) {
  const Json json = {
      {"model", options.load.model.string()},  {"backend", engine.backend_name()},
      {"device", engine.device().to_string()}, {"precision", precision_text(engine, options.load)},
      {"inputs", specs_json(engine.inputs())}, {"outputs", specs_json(engine.outputs())}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Command add_inspect(CLI::App& program) {
  CLI::App* app = program.add_subcommand("inspect", "Show what a model takes and gives");
  app->footer(kFooter);
  const auto options = std::make_shared<InspectOptions>();
  add_load_flags(*app, options->load);
  app->add_flag("--json", options->as_json, "Print JSON");
  return {app, [options] {
            const Engine engine = load(options->load);
            write_stdout(options->as_json ? inspect_json(*options, engine)
                                          : inspect_text(*options, engine));
          }};
}

}  // namespace replayrt::cli
