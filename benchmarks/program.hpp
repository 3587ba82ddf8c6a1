#pragma once

// What the benchmark programs over one model have in common.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>

#include "files.hpp"
#include "flags.hpp"

namespace replayrt::benchmarks {

struct ModelFlags {
  cli::LoadFlags load;
  std::string shapes;
  std::string json;
};

inline void add_model_flags(CLI::App& app, ModelFlags& flags) {
  flags.load.options.inference_threads = 2;
  cli::add_load_flags(app, flags.load);
  app.add_option("--shapes", flags.shapes, "Shapes, commas between them")->required();
  app.add_option("--json", flags.json, "Write the figures to this file");
}

inline void write_report(const ModelFlags& flags, const nlohmann::ordered_json& report) {
  if (!flags.json.empty()) {
    cli::write_file_atomically(flags.json, report.dump(2) + "\n");
  }
}

/// Reads the flags and calls `run`; the program's exit code.
template <class Run>
int run_program(CLI::App& app, int argc, char** argv, Run run) {
  CLI11_PARSE(app, argc, argv);
  try {
    run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
    return 1;
  }
  return 0;
}

}  // namespace replayrt::benchmarks
