#include "inspect.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "command.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr const char* kInspectFooter =
    R"(Examples:
  replayrt inspect model.onnx
  replayrt inspect model.onnx --json
  replayrt inspect model.onnx --fuse argmax:logits:-1   # the outputs as they are after the edit
  replayrt inspect package/             # a model package: what it is, and all that is wrong with it

In shapes `?` is a dimension that may have any extent, `1..8` one from 1 to 8.)";

using Json = nlohmann::ordered_json;

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

}  // namespace

std::string engine_text(const LoadFlags& flags, const Engine& engine) {
  return fmt::format("model      {}\nbackend    {}\ndevice     {}\nprecision  {}\n",
                     flags.model.string(), backend_text(engine.backend_name()),
                     engine.device().to_string(), precision_text(engine, flags)) +
         specs_text("inputs", engine.inputs()) + specs_text("outputs", engine.outputs());
}

Json engine_json(const LoadFlags& flags, const Engine& engine) {
  return {{"model", flags.model.string()},         {"backend", engine.backend_name()},
          {"device", engine.device().to_string()}, {"precision", precision_text(engine, flags)},
          {"inputs", specs_json(engine.inputs())}, {"outputs", specs_json(engine.outputs())}};
}

void write_json(const Json& json) {
  write_stdout(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Command add_inspect(CLI::App& program, InspectPackage inspect_package) {
  CLI::App* app =
      program.add_subcommand("inspect", "Show what a model takes and gives, or what a package is");
  app->footer(kInspectFooter);
  struct Options {
    LoadFlags load;
    bool as_json = false;
  };
  const auto options = std::make_shared<Options>();
  add_load_flags(*app, options->load, std::string(kModelHelp) + ", or the folder of a package");
  app->add_flag("--json", options->as_json, "Print JSON");
  return {app, [options, inspect_package = std::move(inspect_package)] {
            std::error_code ignored;
            if (std::filesystem::is_directory(options->load.model, ignored)) {
              inspect_package(options->load, options->as_json);
              return;
            }
            const Engine engine = load(options->load);
            if (options->as_json) {
              write_json(engine_json(options->load, engine));
            } else {
              write_stdout(engine_text(options->load, engine));
            }
          }};
}

}  // namespace replayrt::cli
