#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "command.hpp"
#include "elements.hpp"
#include "error.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "npy.hpp"
#include "npz.hpp"
#include "replayrt/core/infer.hpp"
#include "replayrt/core/log.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::int64_t kMostCalls = 1'000'000'000;
constexpr std::int64_t kDefaultCapacity = 8;

constexpr const char* kRunFooter =
    R"(Every call's route is printed: eager (with the reason), captured (this call made the graph) or replayed.

Inputs are .npy files: little-endian, C order, of the model's dtypes. Where numpy has no such dtype
(bf16, 8-bit floats, 4-bit integers) an f32 or 8-bit file is converted; outputs of such dtypes are
written as f32 or 8 bits.

Examples:
  replayrt run model.onnx --input x.npy --output y.npz
  replayrt run model.onnx --input ids=ids.npy --input mask=mask.npy --output y.npz --repeat 5
  replayrt run model.onnx --input x.npy --no-cache)";

struct RunOptions {
  LoadFlags load;
  CacheFlags cache;
  std::vector<std::string> inputs;
  std::string output;
  std::int64_t repeat = 1;
  bool no_cache = false;
};

/// Which file feeds which input: "name=file", or the file alone for a model with a single input.
struct InputFile {
  std::size_t index = 0;
  std::filesystem::path path;
};

InputFile resolve_input(const Engine& engine, const std::string& text) {
  const std::vector<TensorSpec>& specs = engine.inputs();
  // Names and paths may both hold `=`, so every one may be the separator.
  for (std::size_t at = text.find('='); at != std::string::npos; at = text.find('=', at + 1)) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
      if (std::string_view(text).substr(0, at) == specs[i].name) {
        return {i, text.substr(at + 1)};
      }
    }
  }
  std::error_code ignored;
  if (specs.size() == 1 &&
      (text.find('=') == std::string::npos || std::filesystem::exists(text, ignored))) {
    return {0, text};
  }
  std::vector<std::string> names;
  names.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    names.push_back(spec.name);
  }
  throw UsageError(fmt::format("--input: expected NAME=FILE with NAME one of {}, got {}",
                               join(names, ", "), in_quotes(text)));
}

/// The tensor in the input's dtype where numpy cannot say that dtype; otherwise unchanged.
Tensor as_input(Tensor tensor, const TensorSpec& spec) {
  const bool numpy_has_it = npy_descr(spec.dtype).has_value();
  const DType wide = is_floating(spec.dtype)    ? DType::kF32
                     : spec.dtype == DType::kU4 ? DType::kU8
                                                : DType::kI8;
  if (numpy_has_it || tensor.dtype() != wide) {
    return tensor;
  }
  return converted(tensor.view(), spec.dtype);
}

std::vector<Tensor> read_inputs(const Engine& engine, const std::vector<std::string>& texts) {
  std::vector<std::optional<std::filesystem::path>> paths(engine.inputs().size());
  for (const std::string& text : texts) {
    InputFile file = resolve_input(engine, text);
    if (paths[file.index]) {
      throw UsageError(fmt::format("--input: input {} is given twice",
                                   in_quotes(engine.inputs()[file.index].name)));
    }
    paths[file.index] = std::move(file.path);
  }
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const TensorSpec& spec = engine.inputs()[i];
    if (!paths[i]) {
      throw UsageError(fmt::format("--input: no file for input {} ({} {})", in_quotes(spec.name),
                                   to_string(spec.dtype), spec.shape_text()));
    }
    inputs.push_back(as_input(read_npy(*paths[i]), spec));
  }
  return inputs;
}

std::vector<TensorView> views_of(const std::vector<Tensor>& tensors) {
  std::vector<TensorView> views;
  views.reserve(tensors.size());
  for (const Tensor& tensor : tensors) {
    views.push_back(tensor.view());
  }
  return views;
}

std::string route_text(const InferResult& result) {
  return result.route == Route::kEager ? fmt::format("eager ({})", to_string(result.reason))
                                       : std::string(to_string(result.route));
}

std::vector<NamedTensor> named_outputs(const Engine& engine, const TensorList& outputs) {
  std::vector<NamedTensor> named;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string& name = engine.outputs()[i].name;
    named.push_back({name.empty() ? fmt::format("output_{}", i) : name, outputs[i]});
  }
  return named;
}

void run(const RunOptions& options) {
  if (!options.output.empty()) {
    if (!options.output.ends_with(".npz")) {
      throw UsageError(fmt::format("--output: expected a file name that ends in .npz, got {}",
                                   in_quotes(options.output)));
    }
    require_writable(options.output);
  }
  const Engine engine = load(options.load);
  const std::vector<Tensor> inputs = read_inputs(engine, options.inputs);
  const std::vector<TensorView> views = views_of(inputs);
  engine.validate(views);

  InferOptions infer_options;
  if (!options.no_cache) {
    infer_options.graph_cache =
        std::make_shared<GraphCache>(options.cache.options(kDefaultCapacity));
  }
  InferResult result;
  for (std::int64_t i = 1; i <= options.repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    result = infer(engine, views, infer_options);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    write_stdout(
        fmt::format("call {}  {}  {}\n", i, route_text(result), duration_text(time.count())));
  }
  const std::vector<NamedTensor> outputs = named_outputs(engine, result.outputs);
  if (!options.output.empty()) {
    write_npz(options.output, outputs);
  }
  for (const NamedTensor& output : outputs) {
    write_stdout(fmt::format("output  {}  {}  {}\n", output.name, to_string(output.tensor.dtype()),
                             output.tensor.shape().to_string()));
  }
}

}  // namespace

Command add_run(CLI::App& program) {
  CLI::App* app = program.add_subcommand("run", "Run a model on your own data, through the cache");
  app->footer(kRunFooter);
  const auto options = std::make_shared<RunOptions>();
  add_load_flags(*app, options->load);
  app->add_option("--input", options->inputs,
                  "NAME=FILE.npy, once per input; FILE.npy is enough for a single input")
      ->required()
      ->allow_extra_args(false)
      ->type_name("INPUT");
  app->add_option("--output", options->output,
                  "Write the last call's outputs to this .npz, by name")
      ->type_name("FILE");
  add_number(*app, "--repeat", options->repeat, 1, kMostCalls, "Number of calls (default: 1)");
  add_cache_flags(*app, options->cache, fmt::format("{}", kDefaultCapacity));
  app->add_flag("--no-cache", options->no_cache, "Run every call eagerly");
  return {app, [options] { run(*options); }};
}

}  // namespace replayrt::cli
