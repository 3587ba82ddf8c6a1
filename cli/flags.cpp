#include "flags.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "error.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr std::int64_t kMostThreads = 1024;
constexpr std::int64_t kLargestAxis = 7;  // Of a shape of the largest rank.

}  // namespace

CLI::Option* add_number(CLI::App& app, const std::string& flag, std::int64_t& value,
                        std::int64_t low, std::int64_t high, const std::string& help) {
  return app
      .add_option_function<std::string>(
          flag,
          [flag, &value, low, high](const std::string& text) {
            value = parse_whole_number(flag, text, low, high);
          },
          help)
      ->type_name("N");
}

void parse_fuse(const std::string& text, GraphEdits& edits) {
  constexpr std::string_view kArgMax = "argmax:";
  const std::size_t colon = text.rfind(':');
  if (!text.starts_with(kArgMax) || colon <= kArgMax.size()) {
    throw UsageError(fmt::format("--fuse: expected argmax:OUTPUT:AXIS, got {}", in_quotes(text)));
  }
  GraphEdits::ArgMax edit;
  edit.output = text.substr(kArgMax.size(), colon - kArgMax.size());
  edit.axis = parse_whole_number("--fuse: axis", std::string_view(text).substr(colon + 1),
                                 -kLargestAxis - 1, kLargestAxis);
  edits.argmax.push_back(std::move(edit));
}

void add_engine_flags(CLI::App& app, LoadOptions& options) {
  app.add_option("--backend", options.backend, "auto, openvino, tensorrt (default: auto)")
      ->type_name("B");
  app.add_option("--device", options.device, "auto, cpu, cuda, cuda:N (default: auto)")
      ->type_name("D");
  app.add_option_function<std::string>(
         "--precision",
         [&options](const std::string& text) {
           try {
             options.precision = precision_from_string(text);
           } catch (const Error&) {
             throw UsageError(fmt::format("--precision: expected f32, bf16, f16 or auto, got {}",
                                          in_quotes(text)));
           }
         },
         "Type in which f32 models are computed: f32, bf16, f16, auto (default: f32;\n"
         "the others change answers)")
      ->type_name("P");
  add_number(app, "--inference-threads", options.inference_threads, 0, kMostThreads,
             "Threads that one run uses; 0: as many as there are cores (default: 0)");
}

void add_load_flags(CLI::App& app, LoadFlags& flags, const std::string& model_help) {
  LoadOptions& options = flags.options;
  app.add_option("MODEL", flags.model, model_help)->required()->type_name("");
  add_engine_flags(app, options);
  app.add_option_function<std::vector<std::string>>(
         "--fuse",
         [&options](const std::vector<std::string>& texts) {
           options.edits.argmax.clear();
           for (const std::string& text : texts) {
             parse_fuse(text, options.edits);
           }
         },
         "argmax:OUTPUT:AXIS replaces an output by the index of its largest element\n"
         "along the axis; may be given more than once")
      ->type_name("EDIT")
      ->allow_extra_args(false);
}

Engine load(const LoadFlags& flags) {
  try {
    return load_engine(flags.model, flags.options);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInvalidParameter) {
      throw UsageError(error.what());
    }
    throw;
  }
}

std::string precision_text(const Engine& engine, const LoadFlags& flags) {
  return engine.backend_name() == "tensorrt" ? "as built"
                                             : std::string(to_string(flags.options.precision));
}

std::string backend_text(std::string_view name) {
  const std::vector<BackendInfo> backends = list_backends();
  const auto found = std::ranges::find(backends, name, &BackendInfo::name);
  return found == backends.end() || found->version.empty()
             ? std::string(name)
             : fmt::format("{} {}", name, found->version);
}

GraphCacheOptions CacheFlags::options(std::int64_t default_capacity) const {
  GraphCacheOptions options;
  options.admission = Admission::always();
  options.capacity = capacity.value_or(default_capacity);
  options.max_bytes = max_bytes;
  return options;
}

void add_cache_flags(CLI::App& app, CacheFlags& flags, const std::string& default_capacity) {
  app.add_option_function<std::string>(
         "--capacity",
         [&flags](const std::string& text) {
           flags.capacity = parse_whole_number("--capacity", text, 0, kNoLimit);
         },
         fmt::format("Most graphs that the cache holds; 0 turns it off (default: {})",
                     default_capacity))
      ->type_name("N");
  app.add_option_function<std::string>(
         "--max-bytes",
         [&flags](const std::string& text) {
           flags.max_bytes = parse_byte_size("--max-bytes", text);
         },
         "Most memory that the cache's graphs hold, such as 512M or 2G (default: no limit)")
      ->type_name("B");
}

}  // namespace replayrt::cli
