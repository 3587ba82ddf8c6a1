#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "replayrt/core/engine.hpp"
#include "replayrt/core/graph_cache.hpp"
#include "replayrt/load_engine.hpp"

namespace replayrt::cli {

inline constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

/// A flag that takes a whole number from `low` to `high`; all else is a UsageError that names the
/// flag.
CLI::Option* add_number(CLI::App& app, const std::string& flag, std::int64_t& value,
                        std::int64_t low, std::int64_t high, const std::string& help);

/// The flags that say how a model is loaded.
struct LoadFlags {
  std::filesystem::path model;
  LoadOptions options;
};

/// Adds --backend, --device, --precision and --inference-threads.
void add_engine_flags(CLI::App& app, LoadOptions& options);

inline constexpr const char* kModelHelp = "The model: .onnx, or OpenVINO IR (.xml with its .bin)";

/// Adds MODEL, those of `add_engine_flags` and --fuse. `model_help`: what MODEL may be.
void add_load_flags(CLI::App& app, LoadFlags& flags, const std::string& model_help = kModelHelp);

/// Loads the model; an option that is refused is a UsageError.
Engine load(const LoadFlags& flags);

/// Reads "argmax:OUTPUT:AXIS" into `edits`; throws UsageError.
void parse_fuse(const std::string& text, GraphEdits& edits);

/// In which type the engine computes: what --precision said, or "as built" of a plan.
std::string precision_text(const Engine& engine, const LoadFlags& flags);

/// "openvino 2026.1.0" as far as list_backends knows the version.
std::string backend_text(std::string_view name);

/// The flags that bound a cache.
struct CacheFlags {
  std::optional<std::int64_t> capacity;
  std::int64_t max_bytes = GraphCacheOptions::kUnbounded;

  /// The cache's options, with `default_capacity` where none was given. Whatever the backend
  /// prefers, every shape is captured at its first call: who runs a command wants to see it.
  [[nodiscard]] GraphCacheOptions options(std::int64_t default_capacity) const;
};

/// Adds --capacity and --max-bytes; `default_capacity` is for the help only.
void add_cache_flags(CLI::App& app, CacheFlags& flags, const std::string& default_capacity);

}  // namespace replayrt::cli
