#include "build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <system_error>

#include "command.hpp"
#include "error.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "model_package.hpp"
#include "progress.hpp"
#include "replayrt/core/log.hpp"
#include "shape_spec.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostProfiles = 64;
constexpr std::size_t kMostTimingBytes = std::size_t{1} << 30;

constexpr const char* kBuildFooter =
    R"(A plan runs on GPUs like the one that builds it, with the same version of TensorRT.

Shapes: --opt 4x3x224x224 for a model with one input; --opt 'ids:1x128;mask:1x128' for several. Every
input with dynamic dimensions needs them. Of the three, what is left out is taken from its neighbour: --opt
alone builds for that shape only, --min and --max alone tune for the largest.

Profiles: before TensorRT 10 (8.6 shares them) each captured graph needs an optimization profile of its
own, and eager runs one more: --profiles 9 for 8 graphs. Each makes the build longer and the plan larger.

Timing cache: what the kernels took is kept from build to build, in a file for each TensorRT and GPU
in ~/.cache/replayrt. Of two builds at once the later one's stays.

Package: DIR is made with engine.plan, trt_config.json and, from the folder that --package-from names, by
default the model's, class_names.txt, inference_config.json, and model_config.json and
keypoints_metadata.json where they are.

Examples:
  replayrt build model.onnx -o model.plan --min 1x3x224x224 --opt 4x3x224x224 --max 8x3x224x224
  replayrt build det.onnx -o det.plan --min 1x3x32x32 --opt 1x3x640x640 --max 1x3x960x960 --fp16
  replayrt build weights.onnx --package yolov8-trt --opt 1x3x640x640)";

struct Options {
  fs::path model;
  fs::path output;
  ShapeFlags shapes;
  PlanBuildOptions build;
  fs::path timing_cache;
  bool no_timing_cache = false;
  fs::path package;
  fs::path package_from;
};

std::optional<Shape> shape_for(const ShapeSpec& spec, const std::string& name) {
  const auto found = std::ranges::find(spec, name, &NamedShape::name);
  return found == spec.end() ? std::nullopt : std::optional(found->shape);
}

ShapeSpec parse_spec(const char* flag, const std::string& text) {
  try {
    return text.empty() ? ShapeSpec() : parse_shape_spec(text);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}: {}", flag, error.what()));
  }
}

/// The named device, as --device of `build` says it; none if there is no such.
std::optional<std::string> device_text(const BackendInfo& backend, const std::string& device) {
  const std::size_t colon = device.find(':');
  const std::string prefix =
      "cuda:" + (colon == std::string::npos ? "0" : device.substr(colon + 1)) + " ";
  for (const std::string& text : backend.devices) {
    if (text.starts_with(prefix)) {
      return text.substr(prefix.size(), text.find(',') - prefix.size());
    }
  }
  return std::nullopt;
}

fs::path timing_cache_path(const Options& options) {
  if (options.no_timing_cache || !options.timing_cache.empty()) {
    return options.timing_cache;
  }
  const std::vector<BackendInfo> backends = list_backends();
  const auto backend = std::ranges::find(backends, "tensorrt", &BackendInfo::name);
  const auto device =
      backend == backends.end() ? std::nullopt : device_text(*backend, options.build.device);
  return device ? default_timing_cache(backend->version, *device) : fs::path();
}

std::vector<std::byte> read_timing_cache(const fs::path& path) {
  std::error_code ignored;
  if (path.empty() || !fs::exists(path, ignored)) {
    return {};
  }
  const std::string text = read_file(path, kMostTimingBytes);
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// A plan that is built is not lost because of its timings.
void write_timing_cache(const fs::path& path, std::span<const std::byte> bytes) {
  if (path.empty()) {
    return;
  }
  try {
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);
    write_file_atomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } catch (const Error& error) {
    log(LogLevel::kWarning, fmt::format("the timing cache is not kept: {}", error.what()));
  }
}

BatchRange batch_of(const BuiltPlan& built) {
  const InputShapes& first = built.inputs.front();
  if (first.min.rank() == 0) {
    return {};
  }
  return {first.min[0], first.opt[0], first.max[0]};
}

std::string summary(const Options& options, const BuiltPlan& built) {
  std::string text = fmt::format(
      "plan    {}, {}\n",
      (options.output.empty() ? options.package / "engine.plan" : options.output).string(),
      byte_size_text(static_cast<std::int64_t>(built.plan.size())));
  for (const InputShapes& input : built.inputs) {
    text += fmt::format("input   {}  min {}  opt {}  max {}\n", input.name, input.min.to_string(),
                        input.opt.to_string(), input.max.to_string());
  }
  return text;
}

void run(Options options) {
  if (options.output.empty() && options.package.empty()) {
    throw UsageError("expected --output FILE or --package DIR");
  }
  if (options.no_timing_cache && !options.timing_cache.empty()) {
    throw UsageError("--no-timing-cache: --timing-cache names one");
  }
  options.build.shapes = parse_input_shapes(options.shapes);
  readable_file_size(options.model);
  PackageFiles package;
  if (!options.package.empty()) {
    const fs::path folder = options.model.parent_path();
    package = read_package_files(!options.package_from.empty() ? options.package_from
                                 : folder.empty()              ? fs::path(".")
                                                               : folder);
    require_new_folder(options.package);
  }
  if (!options.output.empty()) {
    require_writable(options.output);
  }
  const fs::path timings = timing_cache_path(options);
  options.build.timing_cache = read_timing_cache(timings);

  std::unique_ptr<ProgressBar> bar;
  std::string shown;
  std::int64_t done_before = 0;
  options.build.on_progress = [&](const std::string& phase, std::int64_t done, std::int64_t steps) {
    if (phase != shown || done == 0) {
      bar.reset();  // Takes the last phase's off the screen.
      bar = std::make_unique<ProgressBar>(phase, steps);
      shown = phase;
      done_before = 0;
    }
    bar->advance(done - done_before);
    done_before = done;
    return true;
  };
  const BuiltPlan built = [&] {
    try {
      return build_trt_plan(options.model, options.build);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInvalidParameter) {
        throw UsageError(error.what());
      }
      throw;
    }
  }();
  bar.reset();

  write_timing_cache(timings, built.timing_cache);
  if (!options.output.empty()) {
    write_file_atomically(options.output,
                          {reinterpret_cast<const char*>(built.plan.data()), built.plan.size()});
  }
  if (!options.package.empty()) {
    write_package(options.package, built.plan, batch_of(built), package);
  }
  write_stdout(summary(options, built));
}

}  // namespace

std::vector<InputShapes> parse_input_shapes(const ShapeFlags& flags) {
  const ShapeSpec min = parse_spec("--min", flags.min);
  const ShapeSpec opt = parse_spec("--opt", flags.opt);
  const ShapeSpec max = parse_spec("--max", flags.max);
  std::vector<InputShapes> shapes;
  for (const ShapeSpec* spec : {&opt, &max, &min}) {
    for (const NamedShape& named : *spec) {
      if (std::ranges::find(shapes, named.name, &InputShapes::name) != shapes.end()) {
        continue;
      }
      const std::optional<Shape> least = shape_for(min, named.name);
      const std::optional<Shape> most = shape_for(max, named.name);
      const Shape best =
          shape_for(opt, named.name).value_or(most ? *most : least.value_or(Shape()));
      shapes.push_back({named.name, least.value_or(best), best, most.value_or(best)});
    }
  }
  return shapes;
}

fs::path default_timing_cache(std::string_view version, std::string_view device) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return fs::path(value == nullptr ? "" : value);
  };
  fs::path folder = variable("XDG_CACHE_HOME");
  if (folder.empty() && !variable("HOME").empty()) {
    folder = variable("HOME") / ".cache";
  }
  if (folder.empty()) {
    return {};
  }
  std::string name = fmt::format("TensorRT-{}-{}.timings", version, device);
  std::ranges::replace_if(
      name,
      [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-';
      },
      '-');
  return folder / "replayrt" / name;
}

Command add_build(CLI::App& program) {
  CLI::App* app = program.add_subcommand("build", "Build a TensorRT plan of an ONNX model");
  app->footer(kBuildFooter);
  const auto options = std::make_shared<Options>();
  PlanBuildOptions& build = options->build;
  app->add_option("MODEL", options->model, "The model: .onnx")->required();
  app->add_option("-o,--output", options->output, "Write the plan to this file")->type_name("FILE");
  app->add_option("--min", options->shapes.min, "Least shapes")->type_name("S");
  app->add_option("--opt", options->shapes.opt, "Shapes to tune for")->type_name("S");
  app->add_option("--max", options->shapes.max, "Largest shapes")->type_name("S");
  app->add_option("--device", build.device, "auto, cuda, cuda:N (default: auto)")->type_name("D");
  app->add_flag("--fp16", build.f16, "Let layers compute in f16 (not TensorRT 11)");
  app->add_flag("--bf16", build.bf16, "Let layers compute in bf16 (TensorRT 10)");
  app->add_flag("--int8", build.i8,
                "Let layers compute in i8, as models with QuantizeLinear need\n"
                "(not TensorRT 11)");
  app->add_flag("--tf32", build.tf32, "Let f32 products round their inputs to TF32");
  add_number(*app, "--profiles", build.profiles, 1, kMostProfiles,
             "Equal optimization profiles, explained below (default: 1)");
  app->add_option_function<std::string>(
         "--workspace",
         [&build](const std::string& text) {
           build.workspace_bytes = parse_byte_size("--workspace", text);
         },
         "Most scratch memory of a layer, such as 512M or 2G (default: no limit)")
      ->type_name("B");
  app->add_flag_callback(
      "--no-library-kernels", [&build] { build.library_kernels = false; },
      "Do without kernels of cuBLAS and cuDNN, which TensorRT 8 else needs, also\n"
      "where the plan runs");
  app->add_option("--timing-cache", options->timing_cache,
                  "Keep timings in this file, explained below")
      ->type_name("FILE");
  app->add_flag("--no-timing-cache", options->no_timing_cache, "Keep none");
  app->add_option("--package", options->package, "Make a model package, explained below")
      ->type_name("DIR");
  app->add_option("--package-from", options->package_from,
                  "Where the package's other files are (default: the model's folder)")
      ->type_name("DIR");
  return {app, [options] { run(*options); }};
}

}  // namespace replayrt::cli
