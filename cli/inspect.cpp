#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "command.hpp"
#include "error.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "inspect_package.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr const char* kFooter =
    R"(Examples:
  replayrt inspect model.onnx
  replayrt inspect model.onnx --json
  replayrt inspect model.onnx --fuse argmax:logits:-1   # the outputs as they are after the edit
  replayrt inspect package/             # a model package: what it is, and all that is wrong with it

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

Json inspect_json(const InspectOptions& options, const Engine& engine) {
  return {
      {"model", options.load.model.string()},  {"backend", engine.backend_name()},
      {"device", engine.device().to_string()}, {"precision", precision_text(engine, options.load)},
      {"inputs", specs_json(engine.inputs())}, {"outputs", specs_json(engine.outputs())}};
}

void write_json(const Json& json) {
  write_stdout(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void inspect_model(const InspectOptions& options) {
  const Engine engine = load(options.load);
  if (options.as_json) {
    write_json(inspect_json(options, engine));
  } else {
    write_stdout(inspect_text(options, engine));
  }
}

/// The report comes first, whatever fails then.
void inspect_package(const InspectOptions& options) {
  const ModelPackage package = read_model_package(options.load.model);
  const std::optional<std::filesystem::path> weights =
      package.usable() ? loadable_weights(package, options.load.options.backend) : std::nullopt;
  std::optional<Engine> engine;
  std::exception_ptr failure;
  InspectOptions of_weights = options;
  if (weights) {
    of_weights.load.model = *weights;
    try {
      engine = load(of_weights.load);
    } catch (const UsageError&) {
      throw;
    } catch (const Error&) {
      failure = std::current_exception();
    }
  }
  if (options.as_json) {
    Json json = package_json(package);
    if (engine) {
      json.update(inspect_json(of_weights, *engine));
    }
    write_json(json);
  } else {
    write_stdout(package_text(package) +
                 (engine ? "\n" + inspect_text(of_weights, *engine) : std::string()));
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  require_no_errors(package);
}

void inspect(const InspectOptions& options) {
  std::error_code ignored;
  const std::filesystem::path& model = options.load.model;
  if (!std::filesystem::is_directory(model, ignored)) {
    inspect_model(options);
  } else if (looks_like_package(model)) {
    inspect_package(options);
  } else {
    throw Error(ErrorCode::kFileAccess,
                fmt::format("{}: is a directory, and no model package, which would have a "
                            "model_config.json",
                            model.string()));
  }
}

}  // namespace

Command add_inspect(CLI::App& program) {
  CLI::App* app =
      program.add_subcommand("inspect", "Show what a model takes and gives, or what a package is");
  app->footer(kFooter);
  const auto options = std::make_shared<InspectOptions>();
  add_load_flags(*app, options->load, std::string(kModelHelp) + ", or the folder of a package");
  app->add_flag("--json", options->as_json, "Print JSON");
  return {app, [options] { inspect(*options); }};
}

}  // namespace replayrt::cli
